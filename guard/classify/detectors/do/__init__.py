"""Kinds of the Dominican Republic."""
