"""Kinds of Korea."""
