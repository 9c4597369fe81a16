"""Kinds of the United Kingdom."""
