"""Kinds of Spain."""
