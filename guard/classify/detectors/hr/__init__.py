"""Kinds of Croatia."""
