"""The dialects without an engine in the tests: what is written there is held word by word, the rest is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml

from guard.errors import AccessDeniedError, GuardError
from guard.policy.enforce import golden
from guard.policy.enforce.golden import GOLDEN
from tests.policy.enforce.golden_world import ask

CASES = Path(__file__).parents[2] / "cases" / "enforce"


def load(name: str) -> Any:
    return yaml.safe_load((CASES / name).read_text(encoding="utf-8"))


def test_every_case_is_written_as_it_was_accepted() -> None:
    """Wrap, filter, mask, quoting, types and names of each dialect."""
    found = []
    for case in load("golden.yml"):
        given = {name: case[name] for name in ("name", "dialect", "policy", "mask", "sql")}
        try:
            found.append(given | {"enforced": ask(case["dialect"], case["sql"], case["policy"], case["mask"])})
        except GuardError as error:
            found.append(given | {"denied": error.message})
    assert found == load("golden.yml")
    assert {case["dialect"] for case in found} == set(GOLDEN)


@pytest.mark.parametrize("dialect", GOLDEN)
def test_what_nobody_reviewed_is_refused(dialect: str) -> None:
    """Unknown functions, clauses beyond a plain SELECT, hidden columns, anything that reaches outside."""
    common = ["SELECT frob(ssn) FROM customers", "SELECT ssn FROM nowhere", "DELETE FROM customers; SELECT 1"]
    allowed = []
    for sql in [*common, *load("golden_denied.yml")[dialect]]:
        try:
            allowed.append((sql, ask(dialect, sql, "constant", "redact")))
        except GuardError:
            continue
    assert allowed == []


@pytest.mark.parametrize("dialect", GOLDEN)
def test_values_stand_behind_the_filter_where_a_condition_can_fail(dialect: str) -> None:
    """The proof refuses a wrap without that barrier, and an output behind anything but the filter."""
    sql = "SELECT id FROM customers WHERE abs(id) > 3"
    assert ask(dialect, sql, "constant", "redact").count("EU") == 2
    with (
        mock.patch.object(golden, "behind", lambda value, _: value),
        pytest.raises(AccessDeniedError, match="stands without its fence"),
    ):
        ask(dialect, sql, "constant", "redact")
