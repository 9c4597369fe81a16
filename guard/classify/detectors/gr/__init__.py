"""Kinds of Greece."""
