"""The default pack on both engines: the same input gives the same verdict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from guard.policy.engine import PolicyEngine
from guard.policy.entry import VERDICT_KEYS
from guard.policy.pack import Pack

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/reference/policy-input.schema.json").read_text(encoding="utf-8"))
CASES = yaml.safe_load((ROOT / "tests/cases/policy/default_pack.yml").read_text(encoding="utf-8"))["cases"]


def said(verdict: Any) -> dict[str, Any]:
    """The sets of a verdict that are not empty, as the cases write them; items in one order."""
    found = {}
    for key in VERDICT_KEYS.values():
        groups = {group["rule"]: sorted(group["items"], key=json.dumps) for group in verdict[key] if group["items"]}
        if groups:
            found[key] = groups
    return found


def expected(verdict: dict[str, Any]) -> dict[str, Any]:
    """A case's verdict with its items in the same order, keys sorted as engines may give them."""
    return {
        key: {rule: sorted(items, key=lambda item: json.dumps(item, sort_keys=True)) for rule, items in groups.items()}
        for key, groups in verdict.items()
    }


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_cases_input_follows_the_schema(case: dict[str, Any]) -> None:
    """Every case's input is policy input version 1."""
    jsonschema.validate(case["input"], SCHEMA)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_both_engines_give_the_verdict_of_the_case(case: dict[str, Any], engine: PolicyEngine) -> None:
    """The verdict is the case's, whole: no rule says more, none says less."""
    raw = engine.decide(case["input"])
    assert expected(said(raw)) == expected(case["verdict"])


def test_the_verdict_names_every_rule_with_every_set(pack: Pack, engine: PolicyEngine) -> None:
    """Empty sets are in the verdict too, so that a rule cannot be missing without being missed."""
    raw: Any = engine.decide(CASES[0]["input"])
    named = {(key, group["rule"]) for key in VERDICT_KEYS.values() for group in raw[key]}
    assert named == {(VERDICT_KEYS[one], rule.id) for rule in pack.rules for one in rule.contributes}
    assert (raw["v"], raw["revision"]) == (1, pack.revision)
