"""Kinds of Germany."""
