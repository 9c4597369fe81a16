"""Differential privacy on ordinary SQL: acceptance, the two-level form, noise, post-processing."""
