"""Kinds of Ireland."""
