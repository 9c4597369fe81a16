"""Kinds of Brazil."""
