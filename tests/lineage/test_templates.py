"""Events from templates."""

from __future__ import annotations

import json

from guard.lineage.openlineage import run_event
from guard.lineage.templates import MAX_TEMPLATES, Templates
from guard.model import Dataset, Edge, FieldRef, Job

EDGES = (
    Edge(
        FieldRef(Dataset("duckdb:///lake.db", "main.residents"), "phone"),
        FieldRef(Dataset("guard", "v1:ab.result"), "phone"),
        "DIRECT",
        "IDENTITY",
        masking=True,
    ),
)


def job(number: int, name: str = "v1:ab") -> Job:
    return Job(f"d-{number}", "query", name, "2026-06-30T12:00:00.000000Z", "小周", "service", number)


def test_a_template_gives_the_event_that_is_built_anew() -> None:
    """Byte for byte, for the first job and for the next."""
    templates = Templates()
    for number in range(3):
        made = templates.event(job(number), "digest", lambda: EDGES)
        assert made == run_event(job(number), EDGES, time=job(number).started)


def test_edges_are_asked_for_once() -> None:
    """The store is not read for a query that was seen before."""
    asked = []
    templates = Templates()
    for number in range(3):
        templates.event(job(number), "digest", lambda: asked.append(1) or EDGES)  # type: ignore[func-returns-value] # counts
    assert len(asked) == 1


def test_only_so_many_templates_are_kept() -> None:
    """Memory does not grow with the number of different queries."""
    templates = Templates()
    for number in range(MAX_TEMPLATES + 5):
        templates.event(job(1, f"v1:{number}"), "", tuple)
    assert len(templates._kept) == MAX_TEMPLATES
    assert json.loads(templates.event(job(1, "v1:0"), "", tuple))["job"]["name"] == "v1:0"
