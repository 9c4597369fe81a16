"""Kinds of Colombia."""
