"""Kinds of the Netherlands."""
