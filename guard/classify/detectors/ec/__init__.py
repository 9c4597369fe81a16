"""Kinds of Ecuador."""
