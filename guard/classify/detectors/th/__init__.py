"""Kinds of Thailand."""
