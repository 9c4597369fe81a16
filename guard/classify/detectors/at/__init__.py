"""Kinds of Austria."""
