"""Kinds of Taiwan."""
