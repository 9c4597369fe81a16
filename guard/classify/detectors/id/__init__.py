"""Kinds of Indonesia."""
