"""Credentials: what opens a door."""
