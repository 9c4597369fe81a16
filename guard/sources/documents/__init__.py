"""Office documents and PDF as passages of text with their places, read by a child process that can be ended."""

from __future__ import annotations

from guard.sources.documents.passage import Extracted, Passage
from guard.sources.documents.read import EXTRA, SUFFIXES, extract, is_document, sheets

__all__ = ["EXTRA", "SUFFIXES", "Extracted", "Passage", "extract", "is_document", "sheets"]
