"""Kinds of Mauritius."""
