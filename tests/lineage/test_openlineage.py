"""OpenLineage events: the specification's shape, both lineage facets, tags, and no value anywhere."""

from __future__ import annotations

import collections.abc
import enum
import importlib
import json
import pkgutil
import re
import types
import typing
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import msgspec
import openlineage.client.generated
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from guard.lineage.ingest import openlineage_event
from guard.lineage.openlineage import Known, Statement, dataset_events, run_event, run_id
from guard.lineage.statement import MAX_SQL, shape
from guard.model import Column, Dataset, Edge, FieldLabel, FieldRef, Job, Label, State, Table, TableName

CASES = Path(__file__).parents[1] / "cases" / "lineage"
SCHEMA = Draft202012Validator(
    json.loads((CASES / "openlineage-2-0-2.schema.json").read_text()), format_checker=FormatChecker()
)
SHAPES = yaml.safe_load((CASES / "shapes.yml").read_text())

LAKE = "duckdb:///lake.db"
PEOPLE = Dataset(LAKE, "crm.people")
REPORT = Dataset(LAKE, "gold.report")
JOB = Job("d-1", "query", "query.9f86d081", "2026-01-31T09:30:00.000000Z", "analyst-7", "fraud_review", 12)
EDGES = (
    Edge(FieldRef(PEOPLE, "phone"), FieldRef(REPORT, "phone"), "DIRECT", "TRANSFORMATION", True),
    Edge(FieldRef(PEOPLE, "id"), FieldRef(REPORT, "n"), "DIRECT", "AGGREGATION"),
    Edge(FieldRef(PEOPLE, "id"), FieldRef(REPORT, "n"), "INDIRECT", "CONDITIONAL"),
    Edge(FieldRef(PEOPLE, "region"), FieldRef(REPORT, "*"), "INDIRECT", "FILTER"),
)
KNOWN = Known(
    (
        Table(
            TableName("people", "crm"), PEOPLE, (Column("id", "BIGINT", comment="CANARY"), Column("phone", "VARCHAR"))
        ),
    ),
    (
        FieldLabel(FieldRef(PEOPLE, "phone"), "sensitive", Label("cn.mobile", 4)),
        FieldLabel(FieldRef(REPORT, "phone"), "sensitive", Label("cn.mobile", 4, State.MASKED)),
        FieldLabel(FieldRef(PEOPLE, "region"), "clean"),
    ),
)


def event(edges=EDGES, job=JOB, **options):
    """The event as a document, checked against the schema."""
    raw = run_event(job, edges, time="2026-01-31T09:30:01.000000Z", **options)
    assert b"\n" not in raw
    document = json.loads(raw)
    SCHEMA.validate(document)
    return document


def test_a_full_event():
    """Schema, tags and shape of the statement are where OpenLineage puts them; comments stay behind."""
    document = event(known=KNOWN, statement=Statement("select 'CANARY' from people", "duckdb"))
    source = document["inputs"][0]
    assert (source["namespace"], source["name"]) == (LAKE, "crm.people")
    assert source["facets"]["schema"]["fields"] == [
        {"name": "id", "type": "BIGINT", "ordinal_position": 1},
        {"name": "phone", "type": "VARCHAR", "ordinal_position": 2},
    ]
    assert source["facets"]["tags"]["tags"] == [
        {"key": "cn.mobile", "value": "level=4;state=raw", "source": "guard", "field": "phone"}
    ]
    assert document["outputs"][0]["facets"]["tags"]["tags"] == [
        {"key": "cn.mobile", "value": "level=4;state=masked", "source": "guard", "field": "phone"}
    ]
    assert document["job"]["facets"]["sql"]["query"] == "select ? from people"
    access = document["run"]["facets"]["guard_access"]
    assert (access["subject"], access["purpose"], access["auditEntry"]) == ("analyst-7", "fraud_review", 12)
    assert "CANARY" not in json.dumps(document)


def transformation(kind, subtype, *, masking=False):
    """A transformation as both facets write it."""
    return {"type": kind, "subtype": subtype, "masking": masking}


def test_the_column_lineage_facet():
    """Types, subtypes and masking by output column; what acts on all rows stands under `dataset`."""
    facet = event()["outputs"][0]["facets"]["columnLineage"]
    people = {"namespace": LAKE, "name": "crm.people"}
    assert facet["fields"] == {
        "n": {
            "inputFields": [
                people
                | {
                    "field": "id",
                    "transformations": [
                        transformation("DIRECT", "AGGREGATION"),
                        transformation("INDIRECT", "CONDITIONAL"),
                    ],
                }
            ]
        },
        "phone": {
            "inputFields": [
                people
                | {"field": "phone", "transformations": [transformation("DIRECT", "TRANSFORMATION", masking=True)]}
            ]
        },
    }
    assert facet["dataset"] == [people | {"field": "region", "transformations": [transformation("INDIRECT", "FILTER")]}]


def test_both_facets_say_the_same():
    """The explicit facet is the column facet in other words."""
    facets = event()["outputs"][0]["facets"]

    def translated(fields):
        return [each | {"type": "DATASET"} for each in fields]

    column, explicit = facets["columnLineage"], facets["lineage"]
    assert explicit["inputs"] == translated(column["dataset"])
    assert explicit["fields"] == {
        name: {"inputs": translated(each["inputFields"])} for name, each in column["fields"].items()
    }


def test_a_plain_select_has_its_answer_as_output():
    """A target without a name is the answer itself, named after the job."""
    nowhere = Dataset("", "")
    edges = [Edge(each.source, FieldRef(nowhere, each.target.path), each.type, each.subtype) for each in EDGES]
    output = event(edges)["outputs"][0]
    assert (output["namespace"], output["name"]) == ("guard", "query.9f86d081.result")
    assert set(output["facets"]["columnLineage"]["fields"]) == {"n", "phone"}


def test_no_edges_is_still_an_event():
    """A denied or failed run is told without datasets."""
    document = event((), state="FAIL")
    assert (document["eventType"], document["inputs"], document["outputs"]) == ("FAIL", [], [])


def test_counting_rows_has_no_source_field():
    """A source `*` is the dataset itself in the explicit facet."""
    counted = Edge(FieldRef(PEOPLE, "*"), FieldRef(REPORT, "n"), "DIRECT", "AGGREGATION")
    inputs = event((counted,))["outputs"][0]["facets"]["lineage"]["fields"]["n"]["inputs"]
    assert "field" not in inputs[0]


def test_same_values_same_bytes():
    """The order of edges does not matter: the bytes are the same."""
    time = "2026-01-31T09:30:01.000000Z"
    assert run_event(JOB, EDGES, time=time) == run_event(JOB, EDGES[::-1], time=time)


def test_run_ids():
    """A UUID stays; any other job id always gives the same UUID."""
    given_id = str(uuid.uuid4())
    assert run_id(Job(given_id, "scan", "s", "")) == given_id
    assert run_id(JOB) == run_id(JOB) == str(uuid.UUID(run_id(JOB)))
    assert run_id(JOB) != run_id(Job("d-2", "query", "q", ""))


def test_the_client_s_classes_read_it_back():
    """openlineage-python's own facet classes accept both lineage facets as written."""
    from openlineage.client.facet_v2 import column_lineage_dataset
    from openlineage.client.generated import lineage

    facets = event()["outputs"][0]["facets"]
    for facet, module, name in (
        (facets["columnLineage"], column_lineage_dataset, "ColumnLineageDatasetFacet"),
        (facets["lineage"], lineage, "LineageDatasetFacet"),
    ):
        members = {key: value for key, value in facet.items() if not key.startswith("_")}
        assert getattr(module, name)(**members).fields == facet["fields"]
        assert getattr(module, name)._get_schema() == facet["_schemaURL"]


@pytest.mark.parametrize("case", SHAPES, ids=lambda case: f"{case['dialect']}: {case['sql']}")
def test_shapes(case):
    """A statement's shape holds no literal and no comment, and is its own shape."""
    found = shape(case["sql"], case["dialect"])
    assert found == case["shape"]
    assert "CANARY" not in found
    assert shape(found, case["dialect"]) == found


@given(
    st.text("abcdef0123456789'\"`$-/*;(){}[].,:=<>\\ \n_éx", max_size=60),
    st.sampled_from(["postgres", "duckdb", "sqlite"]),
)
def test_no_digit_of_a_literal_survives(text, dialect):
    """Whatever the text, a quoted canary and a number are gone from its shape."""
    found = shape(f"select '{'CANARY'}', 9876543210987 from t where {text}", dialect)
    assert "CANARY" not in found
    assert "9876543210987" not in found
    names_gone = re.sub(r'"[^"]*"|`[^`]*`', "", found)
    assert not re.search(r"(?<![\w$])\d", names_gone)


def test_an_endless_statement_has_no_shape():
    """Length is bounded before anything is scanned."""
    assert shape("select 1" + " " * MAX_SQL, "duckdb") == ""


def facets_of(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every facet of an event."""
    for holder in (document.get("run"), document.get("job"), document.get("dataset"), *document.get("inputs", ())):
        yield from (holder or {}).get("facets", {}).values()
    for output in document.get("outputs", ()):
        yield from output["facets"].values()


def fits(value: Any, wanted: Any, where: str) -> list[str]:
    """What of a value is not as the type says that OpenLineage's own package generated from its schema."""
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted is Any:
        return []
    if origin in (typing.Union, types.UnionType):
        tries = [fits(value, one, where) for one in inner]
        return [] if [] in tries else min(tries, key=len)
    if origin in (list, collections.abc.Sequence):
        if not isinstance(value, list):
            return [f"{where} is no list"]
        return [wrong for one in value for wrong in fits(one, inner[0], f"{where}[]")]
    if origin is dict:
        return [wrong for name, one in value.items() for wrong in fits(one, inner[1], f"{where}.{name}")]
    if attrs.has(wanted):
        if not isinstance(value, dict):
            return [f"{where} is no object"]
        known = {field.name: field for field in attrs.fields(wanted)}
        hints = typing.get_type_hints(wanted)
        wrong = [f"{where}.{name} is unknown" for name in value if name not in known and name[0] != "_"]
        wrong += [
            f"{where}.{name} is missing"
            for name, field in known.items()
            if field.default is attrs.NOTHING and name not in value and name[0] != "_"
        ]
        return wrong + [
            fault for name in value.keys() & hints.keys() for fault in fits(value[name], hints[name], f"{where}.{name}")
        ]
    if isinstance(wanted, type) and issubclass(wanted, enum.Enum):
        return [] if value in {one.value for one in wanted} else [f"{where} has another value"]
    return (
        []
        if value is None or not isinstance(wanted, type) or isinstance(value, wanted)
        else [f"{where} is no {wanted}"]
    )


def generated() -> dict[str, type]:
    """The classes that openlineage-python generated from OpenLineage's schemas, by the address of their schema."""
    found = {}
    for module in pkgutil.iter_modules(openlineage.client.generated.__path__):
        loaded = importlib.import_module(f"openlineage.client.generated.{module.name}")
        for one in vars(loaded).values():
            if isinstance(one, type) and attrs.has(one) and hasattr(one, "_get_schema"):
                found[one._get_schema()] = one
    return found


OWNED = msgspec.structs.replace(KNOWN, owners=((PEOPLE, "crm team"), (REPORT, "bi team")))


def test_every_facet_is_what_its_own_schema_says():
    """Both lineage facets, schema, tags, ownership, run and job facets: nothing unknown, nothing missing."""
    classes = generated()
    told: set[str] = set()
    documents = [event(known=OWNED, statement=Statement("SELECT 1", "duckdb"))]
    documents += [json.loads(one) for one in dataset_events(EDGES, time="2026-01-31T09:30:01Z", known=OWNED)]
    for document in documents:
        for facet in facets_of(document):
            address = facet["_schemaURL"]
            if "guard.invalid" in address:
                continue
            assert fits(facet, classes[address], address.rsplit("/", 1)[-1]) == []
            told.add(address.rsplit("/", 1)[-1])
    assert told == {
        "ColumnLineageDatasetFacet", "JobTypeJobFacet", "LineageDatasetFacet", "OwnershipDatasetFacet",
        "ProcessingEngineRunFacet", "SQLJobFacet", "SchemaDatasetFacet", "TagsDatasetFacet",
    }  # fmt: skip


def test_a_wrong_facet_would_be_seen():
    """The check above is not blind: an unknown member, a missing one and a wrong type are three faults."""
    classes = generated()
    facet = next(
        f for f in facets_of(event()) if "columnLineage" in f["_schemaURL"] or "ColumnLineage" in f["_schemaURL"]
    )
    field = facet["fields"]["phone"]["inputFields"][0]
    field["extra"] = 1
    del field["name"]
    field["transformations"][0]["masking"] = "yes"
    assert len(fits(facet, classes[facet["_schemaURL"]], "facet")) == 3


def test_lineage_without_a_run():
    """A dataset event for each dataset that an edge leads to; guard reads its own back."""
    (text,) = dataset_events(EDGES, time="2026-01-31T09:30:01Z")
    told = openlineage_event(text)
    assert set(told.edges) == {msgspec.structs.replace(edge, masking=False) for edge in EDGES}
    assert told.gaps == ()
