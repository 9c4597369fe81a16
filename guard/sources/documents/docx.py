"""Word documents: paragraphs, tables, headers, footers, notes and comments, by python-docx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from guard.sources.documents.passage import Passage

_PARTS = {
    "header": "header",
    "footer": "footer",
    "footnotes": "footnote",
    "endnotes": "endnote",
    "comments": "comment",
}


def passages(path: Path) -> Iterator[Passage]:
    """Every paragraph in reading order; text boxes and deleted text included, since both are in the file."""
    import docx

    document = docx.Document(str(path))
    yield from _paragraphs(document.element.body, "paragraph")
    for part in document.part.package.iter_parts():
        kind = str(part.partname).rsplit("/", 1)[-1].rstrip("0123456789.xml").removesuffix(".")
        name = next((told for start, told in _PARTS.items() if kind.startswith(start)), "")
        if name and str(part.partname).startswith("/word/"):
            yield from _paragraphs(_element(part), name)
    core = document.core_properties
    for name in ("title", "subject", "author", "keywords", "comments", "category", "last_modified_by"):
        yield Passage(f"property {name}", str(getattr(core, name) or ""))


def _element(part: Any) -> Any:
    found = getattr(part, "element", None)
    if found is not None:
        return found
    from docx.oxml.parser import parse_xml

    return parse_xml(part.blob)


def _paragraphs(root: Any, name: str) -> Iterator[Passage]:
    from docx.oxml.ns import qn

    wanted = {qn("w:t"), qn("w:delText"), qn("w:instrText")}
    breaks = {qn("w:tab"), qn("w:br"), qn("w:cr")}
    for number, paragraph in enumerate(root.iter(qn("w:p")), 1):
        # A paragraph with a text box holds other paragraphs: those come on their own, so that none is read twice.
        own = (node for node in paragraph.iter() if next(node.iterancestors(qn("w:p")), None) is paragraph)
        pieces = [(node.text or "") if node.tag in wanted else "\t" * (node.tag in breaks) for node in own]
        yield Passage(f"{name} {number}", "".join(pieces))
