"""PDF: the lines of each page and what people wrote beside them, by pypdf."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from guard.sources.documents.limits import PAGES, TooMuchError
from guard.sources.documents.passage import Passage

# The place of passages that only say which pages hold no text.
UNREAD = "unread"


def passages(path: Path) -> Iterator[Passage]:
    """Every line, page by page, then notes, form fields and the document's own title and author.

    A page that holds no text is told as `UNREAD`: it may be the picture of a page.
    """
    from pypdf import PdfReader

    reader = PdfReader(path)
    if reader.is_encrypted and not reader.decrypt(""):
        raise TooMuchError("it is locked with a password")
    if len(reader.pages) > PAGES:
        raise TooMuchError(f"it has more than {PAGES:,} pages")
    for number, page in enumerate(reader.pages, 1):
        lines = page.extract_text().splitlines()
        yield from (Passage(f"page {number}", line) for line in lines)
        yield from (Passage(f"page {number} note", note) for note in _notes(page))
        if not any(map(str.strip, lines)) and _has_pictures(page):
            yield Passage(UNREAD, str(number))
    for name, value in (reader.get_form_text_fields() or {}).items():
        yield Passage(f"field {name}", str(value or ""))
    for name, value in (reader.metadata or {}).items():
        if name in {"/Title", "/Author", "/Subject", "/Keywords"}:
            yield Passage(f"property {name[1:].lower()}", str(value))


def _notes(page: Any) -> Iterator[str]:
    for reference in page.get("/Annots") or ():
        note = reference.get_object()
        if isinstance(note, dict) and "/Contents" in note:
            yield str(note["/Contents"])


def _has_pictures(page: Any) -> bool:
    resources = page.get("/Resources")
    objects = resources.get_object().get("/XObject") if resources is not None else None
    return bool(objects.get_object()) if objects is not None else False
