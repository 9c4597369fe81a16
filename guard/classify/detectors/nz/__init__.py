"""Kinds of New Zealand."""
