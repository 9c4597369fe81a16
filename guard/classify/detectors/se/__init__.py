"""Kinds of Sweden."""
