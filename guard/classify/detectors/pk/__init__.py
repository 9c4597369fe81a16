"""Kinds of Pakistan."""
