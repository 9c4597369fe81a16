"""Kinds of Argentina."""
