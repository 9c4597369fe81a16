"""An export in Ranger's shape becomes rules that decide as Ranger does; what they cannot say is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from guard.errors import UsageError
from guard.policy.coverage import Collector
from guard.policy.lint import lint
from guard.policy.pack import Pack
from guard.policy.ranger.convert import Left, convert
from guard.policy.ranger.custom_mask import custom
from guard.policy.ranger.filter_expression import predicate
from guard.policy.ranger.rules import files
from guard.policy.rego import compile as compile_rego
from guard.policy.rules_test import run_tests
from guard.policy.strict_yaml import load_yaml

SELECT = [{"type": "select", "isAllowed": True}]


def mask(users: list[str], kind: str, groups: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """An item of a mask policy."""
    who = {"users": users, "groups": list(groups), "accesses": SELECT, "delegateAdmin": False}
    return {**who, "dataMaskInfo": {"dataMaskType": kind}, **more}


def rows(users: list[str], text: str) -> dict[str, Any]:
    """An item of a row filter policy."""
    return {"users": users, "groups": [], "accesses": SELECT, "rowFilterInfo": {"filterExpr": text}}


def policy(name: str, kind: int, resources: dict[str, list[str]], **more: Any) -> dict[str, Any]:
    """A policy as an export holds it."""
    places = {key: {"values": values, "isExcludes": False, "isRecursive": False} for key, values in resources.items()}
    return {"id": 1, "service": "s", "name": name, "policyType": kind, "isEnabled": True, "resources": places, **more}


EXPORT = {
    "startIndex": 0,
    "policies": [
        policy("all", 0, {"database": ["*"]}, policyItems=[]),
        policy(
            "b: identity",
            1,
            {"tag": ["PII"]},
            dataMaskPolicyItems=[mask(["user1"], "hive:MASK_SHOW_LAST_4"), mask([], "trino:CUSTOM", ("public",))],
        ),
        policy("a: identity", 1, {"tag": ["PII"]}, dataMaskPolicyItems=[mask(["boss"], "MASK_NONE")]),
        policy("ssn", 1, {"database": ["hr"], "table": ["p"], "column": ["ssn"]}, dataMaskPolicyItems=[]),
        policy("off", 1, {"tag": ["PII"]}, isEnabled=False, dataMaskPolicyItems=[mask(["boss"], "MASK_NULL")]),
        policy("unknown", 1, {"tag": ["SECRET"]}, dataMaskPolicyItems=[mask(["x"], "MASK")]),
        policy(
            "rows",
            2,
            {"database": ["employee"], "table": ["personal"]},
            rowFilterPolicyItems=[
                rows(["user1"], "location='US'"),
                rows(["user2"], "age >= 18 and dept in ('a', 'b')"),
            ],
        ),
        policy(
            "rows by function", 2, {"database": ["e"], "table": ["t"]}, rowFilterPolicyItems=[rows(["u"], "f(x) = 1")]
        ),
        policy(
            "timed",
            2,
            {"database": ["e"], "table": ["t"]},
            validitySchedules=[{"startTime": "2026/01/01"}],
            rowFilterPolicyItems=[rows(["u"], "x = 1")],
        ),
    ],
}


@pytest.fixture(scope="module")
def imported(pack: Pack) -> Pack:
    """The default pack with the import, in force."""
    found = convert(json.dumps(EXPORT).encode(), {"PII": "identity"})
    written = dict(files(found.data, mode="enforce"))
    data = load_yaml(written.pop("config/ranger/data.yaml"), file="data.yaml")
    config = {**pack.data["config"], "ranger": data}
    return Pack.of("imported", {**pack.files, **pack.tests, **written}, {"config": config})


def test_what_is_left_out_is_named() -> None:
    """Grants, masks by column, unknown tags, functions and times are left out; an unknown mask becomes stricter."""
    found = convert(json.dumps(EXPORT).encode(), {"PII": "identity"})
    assert [left.policy for left in found.left_out] == ["all", "rows by function", "ssn", "timed", "unknown"]
    assert found.stricter == (Left("b: identity", "a custom mask becomes NULL: the mask is no SQL expression"),)
    assert [entry["policy"] for entry in found.data["masks"]] == ["a: identity", "b: identity", "b: identity"]
    assert list(found.data["row_filters"]) == ["employee.personal"]


def test_a_custom_mask_in_sql() -> None:
    """A CASE of shown, NULL and text over conditions is a mask with cases, and keeps the order of its branches."""
    shown, null = {"transform": "", "params": {}}, {"transform": "null", "params": {}}
    never = {"transform": "constant", "params": {"value": "x"}}
    us = {"op": "compare", "column": "country", "cmp": "eq", "value": "US"}
    always = {"op": "and", "all": []}
    assert custom("NULL") == {**null, "cases": []}
    assert custom("{col}") == {**shown, "cases": []}
    assert custom("CASE WHEN country = 'US' THEN {col} WHEN a = 1 THEN 'x' ELSE NULL END") == {
        **null,
        "cases": [
            {"when": us, **shown},
            {"when": {"op": "compare", "column": "a", "cmp": "eq", "value": 1}, **never},
        ],
    }
    assert custom("case when country = 'US' then null else {col} end") == {
        **null,
        "cases": [{"when": us, **null}, {"when": always, **shown}],
    }
    assert custom("CASE WHEN country = 'US' THEN {col} END") == {**null, "cases": [{"when": us, **shown}]}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{col} || 'x'",
        "substr({col}, 1, 4)",
        "other",
        "t.{col}",
        "(SELECT max({col}) FROM t)",
        "CASE WHEN {col} = 'a' THEN NULL ELSE {col} END",
        "CASE country WHEN 'US' THEN {col} END",
        "CASE WHEN f(a) THEN {col} END",
        "CASE WHEN a = 1 THEN other END",
        "CASE WHEN a = 1 THEN CASE WHEN b = 1 THEN {col} END END",
        "guard_masked_column",
        "{col}; SELECT 1",
        "CASE " + "WHEN a = 1 THEN NULL " * 16 + "END",
        "(" * 5_000,
    ],
)
def test_a_custom_mask_that_computes_is_refused_without_its_text(text: str) -> None:
    """No function, no other column, no subquery, nothing of unbounded size."""
    with pytest.raises(UsageError) as caught:
        custom(text)
    assert "other" not in caught.value.message
    assert "SELECT" not in caught.value.message


def test_the_import_is_a_good_pack(imported: Pack, policy_cache: Path) -> None:
    """Its tests pass and see each rule both ways, and the linter has nothing to say."""
    collect = Collector(imported)
    assert {result.outcome for result in run_tests(imported, cache=policy_cache, collect=collect)} == {"pass"}
    assert collect.report().undecided == ()
    assert lint(imported) == []


@pytest.mark.parametrize(
    ("user", "expected"),
    [("boss", set()), ("user1", {("partial", 4)}), ("stranger", {("null", None)})],
)
def test_masks_as_ranger_decides(user: str, expected: set[Any], imported: Pack, policy_cache: Path) -> None:
    """The policy whose name sorts first holds, and of it the first item that fits."""
    compiled = compile_rego(imported.files, entrypoints=["data.guard.masking.ranger_tags.mask"], cache=policy_cache)
    asked = {
        "subject": {"id": user, "roles": []},
        "label_sets": [{"id": "0", "labels": [{"kind": "cn.resident_id", "category": "identity"}]}],
    }
    found = compiled.evaluate("data.guard.masking.ranger_tags.mask", asked, imported.data)
    assert {(item["transform"], item["params"].get("last")) for item in found} == expected


def test_row_filters_as_ranger_decides(imported: Pack, policy_cache: Path) -> None:
    """Each user has the filter of the first item that fits, and others have none."""
    path = "data.guard.rows.ranger_filters.row_filter"
    compiled = compile_rego(imported.files, entrypoints=[path], cache=policy_cache)

    def filters(user: str) -> Any:
        asked = {"subject": {"id": user, "roles": []}, "tables": [{"name": "employee.personal"}]}
        return [item["predicate"] for item in compiled.evaluate(path, asked, imported.data)]

    assert filters("user1") == [{"op": "compare", "column": "location", "cmp": "eq", "value": "US"}]
    assert filters("user2") == [predicate("age >= 18 and dept in ('a', 'b')")]
    assert filters("user3") == []


def test_filters_in_sql() -> None:
    """What a predicate can say is taken over, constants on the left too; anything else is refused."""
    assert predicate("5 < age") == {"op": "compare", "column": "age", "cmp": "gt", "value": 5}
    assert predicate("a is null or not (b is null)") == {
        "op": "or",
        "any": [{"op": "is_null", "column": "a"}, {"op": "not", "inner": {"op": "is_null", "column": "b"}}],
    }
    assert predicate("1 = 0") == {"op": "or", "any": []}
    for text in ("f(x) = 1", "x in (select y from t)", "x like 'a%'", "", "x = y", "not a = 1", "select 1", "x ="):
        with pytest.raises(UsageError):
            predicate(text)


@pytest.mark.parametrize("text", [b"", b"[]", b'{"policies": 1}', b'{"policies": [{"policyType": 1}]}'])
def test_what_is_no_export(text: bytes) -> None:
    """Any other file is an error."""
    with pytest.raises(UsageError, match="no export of Ranger"):
        convert(text, {})
