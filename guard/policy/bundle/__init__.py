"""Policies as OPA bundles: one `.tar.gz` with a manifest and, when signed, a signature over every file.

A bundle that guard builds runs on an OPA server as it is; a bundle that `opa build` made of a rule pack is read here.
Reference: openpolicyagent.org, "Bundles", sections "Bundle File Format" and "Signing".
"""
