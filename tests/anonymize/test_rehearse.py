"""Plans explained, tried out on invented values, and derived by release model."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from guard.anonymize import registry
from guard.anonymize.derive import Defaults, derive
from guard.anonymize.explain import Explained, explained
from guard.anonymize.plan import Plan
from guard.anonymize.rehearse import Rehearsed, rehearsed
from guard.anonymize.rows import Ports, Span
from guard.errors import PlanError, TransformError
from guard.model import Dataset, FieldLabel, FieldRef, Label
from tests.anonymize.cases import TRANSFORMS, read

HEAD = "version: 1\npurpose: research\n"
DEFAULTS = Defaults.load(Path(__file__).resolve().parents[2] / "rules")


def test_each_column_is_explained() -> None:
    """State, what is still known, the key, the reason, and rows that are left out: the whole answer."""
    plan = Plan.parse(
        HEAD + "fields:\n  id: {transform: siv, reason: joins}\n  note: {transform: drop}\n"
        "default: keep\nrows:\n  id: {transform: sample, share: 0.5}\n"
    )
    assert explained(plan, ["id", "note", "city"]) == (
        Explained(
            "id",
            "siv",
            "joins",
            "pseudonymised",
            "length in bytes and which rows have the same value",
            "gives back",
            ("a token that was changed opens with a chance of 2^-128",),
        ),
        Explained("note", "drop", "", "none", "nothing: the column is not in the result"),
        Explained("city", "keep", "default", "raw", "everything: the values stay as they are"),
        Explained(
            "id",
            "rows by sample",
            "",
            "generalised",
            "the rows whose value stays; all others are left out",
            "needed",
        ),
    )


def test_a_dry_run_shows_invented_values() -> None:
    """Each type has its examples; a column that is dropped has no after."""
    plan = Plan.parse(
        HEAD + "fields:\n  phone: {transform: partial, first: 3, last: 4}\n  x: {transform: drop}\ndefault: keep\n"
    )
    schema = pa.schema([("phone", pa.string()), ("x", pa.date32()), ("n", pa.int64())])
    assert rehearsed(plan, schema) == (
        Rehearsed(
            "phone", "partial", ("13800138000", "13912345678", "1381234"), ("138****8000", "139****5678", "*******")
        ),
        Rehearsed("x", "drop", ("1984-03-07", "1999-12-31", "2024-02-29"), ()),
        Rehearsed("n", "keep", ("17", "34", "97"), ("17", "34", "97")),
    )


@pytest.mark.parametrize("case", TRANSFORMS, ids=lambda case: case["transform"])
def test_every_transform_can_be_tried_out(case: dict[str, object]) -> None:
    """A dry run over a text column works for each transform, with its parameters, or names the column."""
    body = {"transform": case["transform"], **(case.get("params") or {})}
    if case["transform"] == "date_shift":
        body["by"] = "other"
    plan = Plan.from_mapping({"version": 1, "purpose": "p", "fields": {"c": body}, "default": "keep"}, read=read)
    ports = Ports(spans=lambda texts: [[Span("k", 0, 1)] for _ in texts])
    schema = pa.schema([("c", pa.string()), ("other", pa.string())])
    if case["transform"] == "constant" and not isinstance(body["value"], str):
        with pytest.raises(TransformError, match="the column `c` cannot be changed"):
            rehearsed(plan, schema, ports=ports)
        return
    shown = rehearsed(plan, schema, ports=ports)
    assert len(shown[0].before) == len(shown[0].after) == 3


def test_a_dry_run_is_no_oracle() -> None:
    """Two dry runs have two keys: a token of one says nothing of the real one."""
    plan = Plan.parse(HEAD + "fields:\n  id: {transform: pseudonym}\n")
    schema = pa.schema([("id", pa.string())])
    assert rehearsed(plan, schema)[0].after != rehearsed(plan, schema)[0].after


def _label(path: str, kind: str, level: int = 3) -> FieldLabel:
    return FieldLabel(FieldRef(Dataset("file", "people.csv"), path), "sensitive", Label(kind, level))


def test_a_release_model_changes_the_choice() -> None:
    """Research as the kinds say; for everybody nothing joins; for a test system, fakes that are valid."""
    kinds = ("cn.resident_id", "cn.mobile", "person.name", "intl.date_of_birth", "secret.token")
    labels = [_label(f"c{number}", kind) for number, kind in enumerate(kinds)]
    made = {
        model: [field.transform for field in derive(labels, DEFAULTS, purpose="p", model=model).fields]
        for model in ("", "research", "public", "test")
    }
    usual = ["pseudonym", "partial", "name", "date_year", "null"]
    assert made == {
        "": usual,
        "research": usual,
        "public": ["null", "redact", "redact", "date_year", "null"],
        "test": ["ff1_resident_id", "ff1_mobile", "fake_name", "date_year", "null"],
    }
    with pytest.raises(PlanError, match="there is no release model `friends`"):
        derive(labels, DEFAULTS, purpose="p", model="friends")


def test_a_scheme_gives_the_level() -> None:
    """A kind without a choice of its own gets what the scheme's level says, else what its own level says."""
    labels = [_label("c", "cn.unknown_number", 2)]
    own = derive(labels, DEFAULTS, purpose="p").fields[0]
    by_scheme = derive(labels, DEFAULTS, purpose="p", levels={"cn.unknown_number": 5}).fields[0]
    assert (own.transform, by_scheme.transform) == ("redact", "null")


def test_every_transform_is_known_to_the_cases() -> None:
    """The dry run above covers the registry."""
    assert {case["transform"] for case in TRANSFORMS} == set(registry.ids())
