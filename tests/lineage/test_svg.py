"""A view as a picture."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from guard.lineage import svg as module
from guard.lineage.graph import Graph
from guard.lineage.svg import svg
from guard.model import Dataset, Edge, FieldRef

NAMES = "{http://www.w3.org/2000/svg}"


def field(table: str, path: str) -> FieldRef:
    """A column of a table."""
    return FieldRef(Dataset("n", table), path)


EDGES = [
    Edge(field("raw", "id"), field("mart", "id"), "DIRECT", "IDENTITY"),
    Edge(field("raw", "day"), field("mart", "*"), "INDIRECT", "FILTER"),
    Edge(field("mart", "id"), field("report", "people"), "DIRECT", "AGGREGATION"),
]


def test_a_picture_holds_every_table_field_and_edge() -> None:
    """One box a table, one line a field, one path an edge, the influence dotted."""
    root = ET.fromstring(svg(Graph(EDGES).upstream(field("report", "people"))))
    assert len(root.findall(f"{NAMES}g")) == 3
    assert [text.text for text in root.iter(f"{NAMES}text")] == [
        "report", "people", "mart", "all columns", "id", "raw", "day", "id",
    ]  # fmt: skip
    assert sorted(path.get("class", "") for path in root.iter(f"{NAMES}path")) == ["", "", "i"]


def test_a_name_cannot_be_markup() -> None:
    """A table called like a script is text, and a control character is no reason for a broken file."""
    hostile = field('<script>alert("1")</script>\x00', "a&b")
    picture = svg(Graph([Edge(field("t", "a"), hostile, "DIRECT", "IDENTITY")]).upstream(hostile))
    ET.fromstring(picture)
    assert "<script" not in picture


def test_a_picture_says_that_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound boxes are left out, and the picture says so."""
    monkeypatch.setattr(module, "MAX_BOXES", 2)
    assert "more follows" in svg(Graph(EDGES).upstream(field("report", "people")))
    assert "more follows" not in svg(Graph(EDGES[:1]).upstream(field("mart", "id")))
