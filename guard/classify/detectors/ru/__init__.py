"""Kinds of Russia."""
