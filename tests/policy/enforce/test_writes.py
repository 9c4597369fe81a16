"""Writes, run for real: nothing hidden shows through them, nothing hidden is touched by them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from sqlglot import exp

from guard.errors import AccessDeniedError, GuardError
from guard.model import EnforcedQuery
from guard.policy.enforce.writes import enforce_write
from guard.sql.parse import parse
from tests.policy.enforce.changes import change
from tests.policy.enforce.conftest import Worlds
from tests.policy.enforce.world import catalogue, decision_on, mask_sql

CASES = Path(__file__).parents[2] / "cases" / "enforce" / "writes.yml"
# Rows whose author could not see them afterwards are not written, so the original statement does more.
CHECKED = {"insert-checked", "insert-entitled"}


def cases(dialect: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    return [case for case in loaded if case["dialect"] in {dialect, "all"}]


def enforced(case: dict[str, Any], dialect: str) -> EnforcedQuery:
    statement = parse(case["sql"], dialect)
    owed = decision_on(statement, dialect, case.get("policy", "constant"))
    if owed.facts is not None and owed.facts.gaps:
        raise AccessDeniedError(owed.facts.gaps[0].what)
    return enforce_write(statement, catalogue(dialect), owed, mask_sql)


def test_every_write_has_its_verdict_and_its_effect(worlds: Worlds) -> None:
    """Over two databases that differ only in what is hidden a write shows the same and does the same to what is shown;
    hidden rows and masked columns stay as they are; the rows that it met are those of the masked database.
    """
    found = []
    for case in cases(worlds.dialect):
        try:
            sql = enforced(case, worlds.dialect).sql
        except GuardError as error:
            assert "CANARY" not in error.diagnostics().replace(case["sql"], "")  # noqa: PT017 - of many statements
            found.append((case["name"], "DENY", None))
            continue
        made = case.get("made", "")
        before = change(worlds.left, "UPDATE orders SET id = id")[1]
        (left, kept), (right, other) = (change(side, sql, made) for side in (worlds.left, worlds.right))
        assert left == right, case["name"]
        assert {name: kept.get(name) for name in ("visible", "orders", "made")} == {
            name: other.get(name) for name in ("visible", "orders", "made")
        }, case["name"]
        assert kept["hidden"] == before["hidden"], case["name"]
        old = {at for at, _ in before["secret"]}
        assert {pair for pair in kept["secret"] if pair[0] in old} <= set(before["secret"]), case["name"]
        if case["name"] not in CHECKED:
            here = f"TABLE {catalogue(worlds.dialect).default_schema}.copied"  # PostgreSQL would take pg_catalog
            shown, right_thing = change(worlds.masked, case["sql"].replace("TABLE copied", here), made)
            assert (kept["visible"], kept["orders"]) == (right_thing["visible"], right_thing["orders"]), case["name"]
            assert left[0] == shown[0], case["name"]
        found.append((case["name"], "ALLOW", left[0] if "sees" in case else None))
    assert found == [(case["name"], case["verdict"], case.get("sees")) for case in cases(worlds.dialect)]


COMPOSE = importlib.import_module("guard.policy.enforce.writes.compose")
BARE = exp.column("ssn", table="guard_t")


@pytest.mark.parametrize("dialect", ["postgres", "duckdb", "sqlite", "mysql"])
@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("UPDATE customers SET name = 'x' WHERE id = 1", mock.patch.object(COMPOSE.Seen, "where", return_value=None)),
        ("DELETE FROM customers", mock.patch.object(COMPOSE.Seen, "where", return_value=None)),
        ("UPDATE customers SET name = ssn", mock.patch.object(COMPOSE.Seen, "through", lambda _, root: root.copy())),
        ("UPDATE customers SET name = ssn", mock.patch.object(COMPOSE.Seen, "through", return_value=BARE)),
        (
            "INSERT INTO customers (id, region) VALUES (9, 'US')",
            mock.patch.object(COMPOSE, "_checked", lambda _columns, _table, source, *_: source),
        ),
    ],
)
def test_a_seeded_fault_is_refused_by_the_proof(dialect: str, sql: str, fault: Any) -> None:
    """A filter left out, a column read as it is stored, new rows unchecked: none of it runs."""
    case = {"sql": sql}
    assert enforced(case, dialect).sql
    with fault, pytest.raises(AccessDeniedError, match="could not be proved"):
        enforced(case, dialect)


def test_a_column_that_nobody_decided_upon_is_not_written() -> None:
    """A decision on other columns does not carry a write of this one."""
    statement = parse("UPDATE orders SET memo = 'x'", "duckdb")
    other = decision_on(parse("UPDATE orders SET amount = 1", "duckdb"), "duckdb")
    with pytest.raises(AccessDeniedError, match="could not be proved: `memo` was not decided upon"):
        enforce_write(statement, catalogue("duckdb"), other, mask_sql)
