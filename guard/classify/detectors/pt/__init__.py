"""Kinds of Portugal."""
