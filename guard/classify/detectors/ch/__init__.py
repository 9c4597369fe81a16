"""Kinds of Switzerland."""
