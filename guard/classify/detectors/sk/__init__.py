"""Kinds of Slovakia."""
