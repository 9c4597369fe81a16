"""`guard lineage` and its questions, as a person types them."""

from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace

import pytest

from tests.cli.conftest import CLERK

MANIFEST = {
    "metadata": {"adapter_type": "postgres"},
    "nodes": {
        "model.p.m": {
            "resource_type": "model",
            "database": "db",
            "schema": "s",
            "name": "m",
            "compiled_code": "select md5(phone) as phone from db.raw.people",
            "config": {"materialized": "table"},
            "depends_on": {"nodes": ["source.p.raw.people"]},
            "columns": {},
        }
    },
    "sources": {
        "source.p.raw.people": {
            "resource_type": "source",
            "database": "db",
            "schema": "raw",
            "name": "people",
            "columns": {"phone": {"name": "phone", "data_type": "text"}},
        }
    },
}


@pytest.fixture
def asked(guard):
    """A scanned database and one question to it."""
    guard("scan", "sqlite:///crm.db")
    assert guard("query", "SELECT phone AS number, district FROM people", *CLERK).code == 0
    return guard


def test_each_question_answers(asked):
    """Every question has an answer in every format, and `show` may be left out."""
    assert asked("lineage", "people.phone").out == asked("lineage", "show", "people.phone").out
    assert "<svg" in asked("lineage", "people.phone", "--direction", "down", "--format", "svg").out
    event = json.loads(asked("lineage", "people.phone", "-f", "openlineage", "--direction", "down").out.splitlines()[0])
    assert {"columnLineage", "lineage"} <= event["dataset"]["facets"].keys()
    questions = [
        (["impact", "people.phone"], "number"),
        (["where", "cn.mobile"], "masked"),
        (["left", "country"], "unknown"),
        (["left", "subject"], "zhou"),
    ]
    for question, word in questions:
        for form in ("table", "json", "csv"):
            done = asked("lineage", *question, "--format", form)
            assert (done.code, word in done.out) == (0, True), (question, form)
    for form in ("tree", "json", "csv", "svg"):
        assert "number" in asked("lineage", "paths", "people.phone", "result.number", "--format", form).out
    header = asked("lineage", "left", "country", "--format", "csv").out.splitlines()[0]
    assert header.startswith("from_namespace,from_name,from_field,to_namespace,to_name,to_field")


def test_the_past_is_asked(asked):
    """Before anything was recorded a column had no lineage; a time that is none is a mistake."""
    then = asked("lineage", "people.phone", "--as-of", "2020-01-01").out
    assert "nothing known downstream" in then
    assert "who touched it" not in then  # all jobs came later
    assert "0 jobs" in asked("lineage", "impact", "people.phone", "--as-of", "2020-01-01").out
    assert "no rule tells what `cn.mobil` is" in asked("lineage", "where", "cn.mobil").out
    empty = "none of 0 fields with a label holds it; what was not scanned is not known"
    assert empty in asked("lineage", "where", "cn.mobile", "--as-of", "2020-01-01").out
    assert asked("lineage", "people.phone", "--as-of", "yesterday").code == 2


def test_a_person_is_read_from_standard_input(asked, monkeypatch):
    """The identifier is no argument, so that no list of processes and no history holds it."""
    assert asked("query", "SELECT phone FROM people", *CLERK).code == 0

    def type_in(text: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))

    type_in(b"138 0013 8000\n")
    done = asked("lineage", "person", "cn.mobile")
    assert done.code == 0
    assert "possible" in done.out  # the clerk saw masks
    assert "13800138000" not in done.out + done.err
    type_in(b"\n")
    assert asked("lineage", "person", "cn.mobile").code == 2


def test_a_dbt_project_is_taken_in(asked, tmp_path):
    """Its edges can be asked at once; a document that is not understood is exit code 2."""
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    done = asked("lineage", "ingest", "manifest.json", "--namespace", "postgres://db:5432")
    assert (done.code, done.out) == (0, "1 edges between 2 datasets\n")
    assert "by md5" in asked("lineage", "raw.people.phone", "--direction", "down").out
    assert asked("lineage", "ingest", "manifest.json").code == 2
    assert (
        asked("lineage", "contradictions").out
        == "where scans contradict the lineage\n  nowhere among 4 scanned fields\n"
    )
