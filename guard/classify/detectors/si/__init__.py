"""Kinds of Slovenia."""
