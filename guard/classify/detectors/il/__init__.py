"""Kinds of Israel."""
