"""Kinds of Uruguay."""
