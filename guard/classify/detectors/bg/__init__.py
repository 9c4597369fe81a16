"""Kinds of Bulgaria."""
