"""Kinds of Hong Kong."""
