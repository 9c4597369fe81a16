"""Kinds of Iceland."""
