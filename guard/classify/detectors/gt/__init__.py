"""Kinds of Guatemala."""
