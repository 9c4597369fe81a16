"""Kinds of Estonia."""
