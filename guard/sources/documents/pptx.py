"""Presentations: shapes, tables, groups and notes of each slide, by python-pptx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from guard.sources.documents.passage import Passage

DEEPEST = 32  # groups in groups


def passages(path: Path) -> Iterator[Passage]:
    """Every paragraph, slide by slide."""
    import pptx

    presentation = pptx.Presentation(str(path))
    for number, slide in enumerate(presentation.slides, 1):
        for text in _texts(slide.shapes, 0):
            yield Passage(f"slide {number}", text)
        if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
            for paragraph in slide.notes_slide.notes_text_frame.paragraphs:
                yield Passage(f"slide {number} notes", paragraph.text)
    core = presentation.core_properties
    for name in ("title", "subject", "author", "keywords", "comments", "category", "last_modified_by"):
        yield Passage(f"property {name}", str(getattr(core, name) or ""))


def _texts(shapes: Any, depth: int) -> Iterator[str]:
    for shape in shapes:
        if getattr(shape, "shapes", None) is not None and depth < DEEPEST:
            yield from _texts(shape.shapes, depth + 1)
        if shape.has_text_frame:
            yield from (paragraph.text for paragraph in shape.text_frame.paragraphs)
        if getattr(shape, "has_table", False) and shape.has_table:
            yield from (cell.text for row in shape.table.rows for cell in row.cells)
