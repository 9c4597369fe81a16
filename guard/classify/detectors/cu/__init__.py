"""Kinds of Cuba."""
