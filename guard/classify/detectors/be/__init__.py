"""Kinds of Belgium."""
