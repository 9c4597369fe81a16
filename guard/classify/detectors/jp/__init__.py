"""Kinds of Japan."""
