"""A document, passage by passage: what is found, and where it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from guard.model import Finding
from guard.sources.documents import Passage, extract

if TYPE_CHECKING:
    from guard.classify import Classifier

MOST_FINDINGS = 100_000
_CELL = re.compile(r"(?P<column>.*![A-Z]{1,3})[0-9]{1,7}")
_LONGEST_HEAD = 64  # characters of a text that can head a column


def classify_document(classifier: Classifier, path: Path) -> tuple[list[tuple[str, Finding]], str]:
    """Place and finding, in order, at most `MOST_FINDINGS`; and what of the document holds no text."""
    extracted = extract(path)
    heads: dict[str, str] = {}
    found: list[tuple[str, Finding]] = []
    for passage in extracted.passages:
        found += [(passage.place, finding) for finding in _of(classifier, passage, heads)]
        if len(found) >= MOST_FINDINGS:
            return found[:MOST_FINDINGS], "what stands after the first 100,000 findings"
    return found, extracted.unread


def _of(classifier: Classifier, passage: Passage, heads: dict[str, str]) -> list[Finding]:
    """The findings of a passage; a cell is read after the first cell of its column, which often names it."""
    cell = _CELL.fullmatch(passage.place)
    if cell is None:
        return classifier.classify_text(passage.text)
    head = heads.setdefault(cell["column"], passage.text[:_LONGEST_HEAD] if len(passage.text) <= _LONGEST_HEAD else "")
    before = f"{head}: " if head and head != passage.text else ""
    return [
        msgspec.structs.replace(finding, start=finding.start - len(before), end=finding.end - len(before))
        for finding in classifier.classify_text(before + passage.text)
        if finding.start >= len(before)
    ]
