"""Kinds of Turkey."""
