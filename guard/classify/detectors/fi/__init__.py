"""Kinds of Finland."""
