"""Entries in other systems' forms: OCSF events that its schema accepts, OPA records, and nobody's name in either."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
import yaml

from guard.audit.export import ocsf, opa
from guard.audit.export.deliver import encoder
from guard.model import Entry, EntryKind

SCHEMAS = yaml.safe_load((Path(__file__).parents[2] / "cases/audit/ocsf.yml").read_text("utf-8"))
TIME = "2026-01-31T09:30:00.250000Z"
ORIGIN = "example.org/log"

DECISION = {
    "decision": "d-1",
    "outcome": "allow",
    "purpose": "service",
    "source": "sqlite:///crm.db",
    "sql": "SELECT phone FROM residents WHERE id < ?",
    "fingerprint": "v1:1571",
    "tables": ["main.residents"],
    "columns": ["main.residents.phone:output"],
    "labels": ["main.residents.phone=cn.mobile/3/raw"],
    "determined_by": ["access.role_for_purpose"],
    "errored": [],
    "gaps": [],
    "obligations": ["mask:main.residents.phone:partial:masking.by_kind"],
    "revision": "sha256:86",
    "engine": "embedded",
    "edges": "02",
    "who": {"commitment": "c", "sealed": "s"},
}
ENTRIES = {
    "query": Entry(1, "query", TIME, "s-1", DECISION),
    "join": Entry(1, "query", TIME, "s-1", {**DECISION, "tables": ["main.a", "main.b"]}),
    "allowed": Entry(1, "decision", TIME, "s-1", DECISION),
    "denied": Entry(1, "decision", TIME, "s-1", {**DECISION, "outcome": "deny", "gaps": ["unknown_table:x"]}),
    "scan": Entry(
        1, "scan", TIME, "s-2",
        {"scan": "9a", "state": "done", "source": "sqlite:///crm.db", "tables": ["main.residents"],
         "kinds": {"cn.mobile": 2, "cn.resident_id": 1}, "fields": 6},
    ),
    "scan begun": Entry(1, "scan", TIME, "s-2", {"scan": "9a", "state": "begun", "kinds": {}, "tables": []}),
    "anonymize": Entry(1, "anonymize", TIME, "s-2", {"purpose": "release", "rows": 3}),
    "erasure": Entry(1, "erasure", TIME, "s-2", {"subject": "s-1"}),
    "clock refused": Entry(1, "query", TIME, "s-1", DECISION, claimed="2026-01-01T00:00:00.000000Z"),
    "key": Entry(1, "key", TIME, "s-2", {"was": [], "keys": []}),
    "config": Entry(1, "config", TIME, "s-2", {}),
    "classify": Entry(1, "classify", TIME, "s-2", {}),
    "lineage": Entry(1, "lineage", TIME, "s-2", {}),
}  # fmt: skip


@pytest.mark.parametrize("name", ENTRIES)
def test_each_kind_is_a_valid_ocsf_event(name):
    """What the class requires is there, ids agree with each other, and the event leads back to its entry."""
    found = ocsf.event(7, ENTRIES[name], origin=ORIGIN)
    jsonschema.validate(found, SCHEMAS["base"])
    jsonschema.validate(found, SCHEMAS[str(found["class_uid"])])
    assert found["type_uid"] == found["class_uid"] * 100 + found["activity_id"]
    assert found["category_uid"] == found["class_uid"] // 1000
    assert (found["metadata"]["uid"], found["metadata"]["sequence"]) == ("example.org/log/7", 7)
    assert found["time"] == 1769851800250
    assert found["metadata"].get("original_time", "") == ENTRIES[name].claimed
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("kind", get_args(EntryKind))
def test_no_kind_of_entry_was_forgotten(kind):
    """Whatever kinds the log has, with the least body: a valid event, whose activity is a known one."""
    found = ocsf.event(0, Entry(1, kind, TIME, "s-1", {}), origin=ORIGIN)
    jsonschema.validate(found, {"allOf": [SCHEMAS["base"], SCHEMAS[str(found["class_uid"])]]})
    assert found["activity_id"] != 99


def test_classes_by_kind():
    """Queries are 6005, findings of a scan 2006, the rest 6003."""
    classes = {name: ocsf.event(0, entry, origin=ORIGIN)["type_uid"] for name, entry in ENTRIES.items()}
    assert classes == {
        "query": 600504, "join": 600504, "allowed": 600302, "denied": 600302, "scan": 200601, "scan begun": 600302,
        "anonymize": 600301, "erasure": 600304, "key": 600303, "config": 600303, "classify": 600302,
        "lineage": 600302, "clock refused": 600504,
    }  # fmt: skip


def test_a_denial_is_a_failure_that_says_why():
    """Severity, status and the rule or gap that decided."""
    found = ocsf.event(0, ENTRIES["denied"], origin=ORIGIN)
    assert (found["status"], found["severity"]) == ("Failure", "Medium")
    assert found["status_detail"] == "access.role_for_purpose, unknown_table:x"


def test_the_schema_check_sees_what_is_missing():
    """Seeded fault: each required member taken away is noticed."""
    for name in ("query", "scan", "denied"):
        whole = ocsf.event(0, ENTRIES[name], origin=ORIGIN)
        schema = SCHEMAS[str(whole["class_uid"])]
        for member in (*SCHEMAS["base"]["required"], *schema["required"]):
            less = {key: value for key, value in whole.items() if key != member}
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(less, {"allOf": [SCHEMAS["base"], schema]})


def test_decisions_are_opa_records():
    """The members of OPA's decision log; entries that decide nothing have no record."""
    found = opa.record(7, ENTRIES["denied"], origin=ORIGIN)
    assert found == {
        "labels": {"app": "guard", "id": "example.org/log", "engine": "embedded"},
        "decision_id": "d-1",
        "bundles": {"guard": {"revision": "sha256:86"}},
        "path": "guard/decision",
        "input": {
            "subject": {"id": "s-1"}, "purpose": "service", "source": "sqlite:///crm.db",
            "tables": ["main.residents"], "columns": ["main.residents.phone:output"],
        },
        "erased": ["/input/subject/attributes", "/input/subject/roles"],
        "masked": ["/input/subject/id"],
        "result": {
            "allow": False, "determined_by": ["access.role_for_purpose"], "errored": [], "gaps": ["unknown_table:x"],
            "obligations": ["mask:main.residents.phone:partial:masking.by_kind"],
        },
        "requested_by": "s-1",
        "timestamp": TIME,
        "req_id": 7,
    }  # fmt: skip
    assert opa.record(7, ENTRIES["scan"], origin=ORIGIN) is None


@pytest.mark.parametrize("form", ["ocsf", "opa"])
def test_sealed_parts_stay_in_the_log(form):
    """Copies elsewhere cannot be erased, so what opens to a name is not sent there."""
    data = encoder(form, origin=ORIGIN, framed=False)(0, ENTRIES["query"])
    assert b"sealed" not in data
    assert b"commitment" not in data
