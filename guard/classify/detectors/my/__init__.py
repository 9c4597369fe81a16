"""Kinds of Malaysia."""
