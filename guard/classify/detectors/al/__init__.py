"""Kinds of Albania."""
