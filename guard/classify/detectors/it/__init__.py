"""Kinds of Italy."""
