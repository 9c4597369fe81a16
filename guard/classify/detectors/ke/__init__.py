"""Kinds of Kenya."""
