"""Kinds of Australia."""
