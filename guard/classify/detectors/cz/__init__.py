"""Kinds of the Czech Republic."""
