"""Kinds of South Africa."""
