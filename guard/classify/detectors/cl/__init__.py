"""Kinds of Chile."""
