"""Masks with cases, from a rule's item to the obligation: parsed strictly, ordered, bounded."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from guard.model import Compare, Decision, Mask, MaskCase, TableName
from guard.policy.verdict import MAX_CASES, parse_verdict

WHEN = {"op": "compare", "column": "consent", "cmp": "eq", "value": True}


def parsed(mask: dict[str, Any]) -> Any:
    raw = {"v": 1, "revision": "r", "allow": [], "deny": [], "row_filters": [], "limits": []}
    raw["masks"] = [{"rule": "a.b", "items": [{"label_set": "0", "transform": "null", "strength": 9, **mask}]}]
    return parse_verdict(raw, revision="r", rules={"a.b"}, label_sets={"0"}, tables=set())


def test_cases_keep_their_order() -> None:
    """The first that holds decides, so their order is part of the mask."""
    verdict = parsed({"cases": [{"when": WHEN, "transform": ""}, {"when": WHEN, "transform": "redact"}]})
    assert verdict.faults == ()
    assert [case.transform for case in verdict.masks[0][1].cases] == ["", "redact"]
    assert parsed({}).masks[0][1].cases == ()


def _deep(levels: int) -> dict[str, Any]:
    nested: dict[str, Any] = WHEN
    for _ in range(levels):
        nested = {"op": "not", "inner": nested}
    return nested


@pytest.mark.parametrize(
    "cases",
    [
        "none",
        [{"transform": ""}],
        [{"when": WHEN}],
        [{"when": "1 = 1", "transform": ""}],
        [{"when": {"op": "sql", "text": "1 = 1"}, "transform": ""}],
        [{"when": WHEN, "transform": "No Such"}],
        [{"when": WHEN, "transform": "", "strength": 1}],
        [{"when": WHEN, "transform": "null"}] * (MAX_CASES + 1),
        [{"when": _deep(40), "transform": ""}],
        [{"when": {"op": "in", "column": "a", "values": list(range(30_000))}, "transform": ""}],
    ],
)
def test_a_case_that_does_not_fit_is_a_fault_of_its_rule(cases: Any) -> None:
    """Anything that guard does not understand denies; none of it is left out."""
    verdict = parsed({"cases": cases})
    assert [fault.rule for fault in verdict.faults] == ["a.b"]
    assert verdict.masks == ()


def test_a_decision_with_cases_is_written_and_read_again() -> None:
    """The border value says its cases in the forms that leave guard."""
    case = MaskCase(Compare("consent", "eq", value=True), "")
    mask = Mask(TableName("t", "s"), "c", "null", {}, "a.b", (case,))
    made = Decision("d", "allow", "a", "p", obligations=(mask,), revision="r")
    assert msgspec.json.decode(msgspec.json.encode(made))["obligations"][0]["cases"][0]["transform"] == ""
    assert msgspec.json.decode(msgspec.json.encode(mask), type=Mask) == mask
