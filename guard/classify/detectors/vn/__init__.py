"""Kinds of Vietnam."""
