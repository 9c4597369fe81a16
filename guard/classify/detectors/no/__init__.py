"""Kinds of Norway."""
