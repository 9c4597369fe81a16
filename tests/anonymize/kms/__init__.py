"""Tests of key management services."""
