"""Kinds of Romania."""
