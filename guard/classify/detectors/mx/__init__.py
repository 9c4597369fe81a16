"""Kinds of Mexico."""
