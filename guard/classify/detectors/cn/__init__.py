"""Kinds of the mainland of China."""
