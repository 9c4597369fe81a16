"""Kinds of Macau."""
