"""Kinds of Ukraine."""
