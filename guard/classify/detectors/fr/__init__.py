"""Kinds of France."""
