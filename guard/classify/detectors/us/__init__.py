"""Kinds of the United States."""
