"""Kinds of Hungary."""
