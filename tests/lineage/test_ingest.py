"""Lineage from dbt manifests and from OpenLineage events of other tools."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.errors import UsageError
from guard.lineage import ingest
from guard.lineage.ingest import dbt_manifest, openlineage_event
from guard.lineage.openlineage import run_event
from guard.model import Dataset, Edge, FieldRef, Job

SOURCE = {"namespace": "s3://lake", "name": "raw/people"}
TARGET = {"namespace": "hive://meta:9083", "name": "mart.people"}


def event(**facet: Any) -> str:
    """An event of a Spark job with a column lineage facet."""
    output = {**TARGET, "facets": {"columnLineage": facet}} if facet else TARGET
    return json.dumps(
        {
            "eventTime": "2026-01-01T00:00:00Z",
            "eventType": "COMPLETE",
            "producer": "https://example.org/spark",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": {"runId": "0188e0f4-0000-7000-8000-000000000000"},
            "job": {"namespace": "spark", "name": "job"},
            "inputs": [SOURCE],
            "outputs": [output],
        }
    )


def came(path: str) -> FieldRef:
    """A field of the input."""
    return FieldRef(Dataset(**SOURCE), path)


def went(path: str) -> FieldRef:
    """A field of the output."""
    return FieldRef(Dataset(**TARGET), path)


def test_the_edges_of_a_spark_event() -> None:
    """Types and subtypes are taken over; `masking` of another tool is not."""
    ways = [{"type": "DIRECT", "subtype": "TRANSFORMATION", "masking": True}, {"type": "INDIRECT", "subtype": "JOIN"}]
    found = openlineage_event(
        event(
            fields={"id": {"inputFields": [{**SOURCE, "field": "ssn", "transformations": ways}]}},
            dataset=[{**SOURCE, "field": "dt", "transformations": [{"type": "INDIRECT", "subtype": "SORT"}]}],
        )
    )
    assert found.edges == (
        Edge(came("ssn"), went("id"), "DIRECT", "TRANSFORMATION"),
        Edge(came("ssn"), went("id"), "INDIRECT", "JOIN"),
        Edge(came("dt"), went("*"), "INDIRECT", "SORT"),
    )
    assert (found.datasets, found.gaps) == ((Dataset(**SOURCE), Dataset(**TARGET)), ())


def test_an_older_facet_says_that_something_arrives() -> None:
    """Without transformations an input field is a transformation: nobody said that it is a copy."""
    (edge,) = openlineage_event(event(fields={"id": {"inputFields": [{**SOURCE, "field": "ssn"}]}})).edges
    assert edge == Edge(came("ssn"), went("id"), "DIRECT", "TRANSFORMATION")


def test_without_column_lineage_everything_may_come_from_everything() -> None:
    """The whole of each input flows into the whole of the output, beside a gap."""
    found = openlineage_event(event())
    assert found.edges == (Edge(came("*"), went("*"), "DIRECT", "TRANSFORMATION"),)
    assert [gap.what for gap in found.gaps] == ["mart.people"]


def test_guards_own_events_come_back() -> None:
    """What guard writes guard reads, edge for edge (the functions on the way are not in an event)."""
    edges = (Edge(came("a"), went("b"), "DIRECT", "IDENTITY"), Edge(came("c"), went("*"), "INDIRECT", "FILTER"))
    written = run_event(Job("j", "query", "q", "2026-01-01T00:00:00Z"), edges, time="2026-01-01T00:00:00Z")
    assert set(openlineage_event(written).edges) == set(edges)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "{}", '{"eventTime": 1}', "[" * 100_000, b"\xff\xfe",
        event(fields=[]), event(fields={"a": 1}), event(fields={"a": {"inputFields": [{"field": "x"}]}}),
        event(fields={"a": {"inputFields": [{**SOURCE, "field": ""}]}}),
        event(fields={"a\u0000": {"inputFields": [{**SOURCE, "field": "b"}]}}),
        event(dataset=[7]),
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused(text: str | bytes) -> None:
    """A document of another shape is an error that repeats nothing of it, never an empty lineage."""
    with pytest.raises(UsageError) as caught:
        openlineage_event(text)
    assert "raw/people" not in str(caught.value)


@settings(max_examples=200, deadline=None)
@given(st.recursive(st.none() | st.text() | st.integers(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)))
def test_no_document_breaks_the_reader(document: Any) -> None:
    """Anything in the place of the facet is read or refused."""
    with contextlib.suppress(UsageError):
        openlineage_event(event(fields=document, dataset=[]))


def manifest(**changes: Any) -> dict[str, Any]:
    """A project of one source, one ephemeral model and two tables."""
    model = {"database": "db", "schema": "mart", "resource_type": "model", "config": {"materialized": "table"}}
    return {
        "metadata": {"adapter_type": "postgres"},
        "sources": {
            "source.p.raw.people": {
                "database": "db", "schema": "raw", "name": "people", "identifier": "people", "resource_type": "source",
                "columns": {"id": {"data_type": "int"}, "ssn": {"data_type": "text"}},
            }
        },
        "nodes": {
            "model.p.clean": {
                **model, "name": "clean", "columns": {},
                "compiled_code": 'SELECT id, md5(ssn) AS pseudonym FROM "db"."raw"."people" WHERE id > 0',
                "depends_on": {"nodes": ["source.p.raw.people"]},
            },
            "model.p.late": {
                **model, "name": "late", "alias": "late_v1", "columns": {}, "compiled_code": None,
                "depends_on": {"nodes": ["model.p.clean"]},
            },
            "test.p.not_null": {"resource_type": "test", "name": "not_null", "compiled_code": "SELECT 1"},
        },
        **changes,
    }  # fmt: skip


def test_a_dbt_project() -> None:
    """Compiled models give columns; one that was not compiled comes from the whole of its parent, beside a gap."""
    found = dbt_manifest(json.dumps(manifest()), namespace="postgres://h:5432")

    def field(name: str, path: str) -> FieldRef:
        return FieldRef(Dataset("postgres://h:5432", name), path)

    assert found.edges == (
        Edge(field("db.raw.people", "id"), field("db.mart.clean", "id"), "DIRECT", "IDENTITY"),
        Edge(
            field("db.raw.people", "ssn"),
            field("db.mart.clean", "pseudonym"),
            "DIRECT",
            "TRANSFORMATION",
            how=("md5",),
        ),
        Edge(field("db.raw.people", "id"), field("db.mart.clean", "*"), "INDIRECT", "FILTER"),
        Edge(field("db.mart.clean", "*"), field("db.mart.late_v1", "*"), "DIRECT", "TRANSFORMATION"),
    )
    assert [(gap.code, gap.what) for gap in found.gaps] == [("unparsed_sql", "db.mart.late_v1")]
    assert [one.name for one in found.datasets] == ["db.mart.clean", "db.mart.late_v1", "db.raw.people"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"nodes": {}, "sources": []}', '{"nodes": {}, "sources": {}}'])
def test_what_is_no_manifest_is_refused(text: str) -> None:
    """Another document is an error."""
    with pytest.raises(UsageError):
        dbt_manifest(text, namespace="n")


def test_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too large a document, or too many nodes or edges, are errors and not a part of the lineage."""
    monkeypatch.setattr(ingest, "MAX_NODES", 2)
    with pytest.raises(UsageError):
        dbt_manifest(json.dumps(manifest()), namespace="n")
    monkeypatch.setattr(ingest, "MAX_EVENT_BYTES", 10)
    with pytest.raises(UsageError):
        openlineage_event(event())
