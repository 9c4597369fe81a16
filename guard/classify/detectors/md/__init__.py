"""Kinds of Moldova."""
