"""Kinds of Denmark."""
