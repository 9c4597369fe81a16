"""Kinds of India."""
