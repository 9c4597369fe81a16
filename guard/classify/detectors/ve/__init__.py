"""Kinds of Venezuela."""
