"""Kinds of El Salvador."""
