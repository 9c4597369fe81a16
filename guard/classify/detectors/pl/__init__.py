"""Kinds of Poland."""
