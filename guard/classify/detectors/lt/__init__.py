"""Kinds of Lithuania."""
