"""Kinds of Serbia."""
