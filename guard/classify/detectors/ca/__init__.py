"""Kinds of Canada."""
