"""Kinds of Singapore."""
