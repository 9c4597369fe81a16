"""Kinds of Peru."""
