"""Writes, run for real: nothing hidden shows through them, nothing hidden is touched by them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import yaml
from msgspec import structs
from sqlglot import exp

from guard.errors import AccessDeniedError, GuardError
from guard.model import EnforcedQuery, RowFilter
from guard.policy.enforce.writes import enforce_write
from guard.sql.parse import parse
from tests.policy.enforce.changes import change
from tests.policy.enforce.conftest import Worlds
from tests.policy.enforce.world import Duck, Lite, catalogue, decision_on, mask_sql

CASES = Path(__file__).parents[2] / "cases" / "enforce" / "writes.yml"
# Rows whose author could not see them afterwards are not written, so the original statement does more.
CHECKED = {"insert-checked", "insert-entitled", "merge-insert-checked", "merge-insert-or", "merge-insert-entitled"}


def cases(dialect: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    return [case for case in loaded if {dialect, "all"} & set(case["dialect"].split())]


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
MERGE = importlib.import_module("guard.policy.enforce.writes.merge")
WHEN = "MERGE INTO customers AS c USING orders AS o ON o.customer_id = c.id WHEN "
BY_SOURCE = "NOT MATCHED BY SOURCE AND c.id > 0 THEN DELETE"
NEW_ROW = "NOT MATCHED THEN INSERT (id, region) VALUES (o.id, 'US')"


@pytest.mark.parametrize(
    ("dialect", "sql", "fault"),
    [
        (dialect, sql, fault)
        for dialect in ("postgres", "duckdb")
        for sql, fault in (
            (WHEN + "MATCHED THEN DELETE", mock.patch.object(MERGE, "_on", lambda seen: seen.assigned[0])),
            (
                WHEN + "MATCHED THEN UPDATE SET name = c.ssn",
                mock.patch.object(COMPOSE.Seen, "through", return_value=BARE),
            ),
            (WHEN + NEW_ROW, mock.patch.object(MERGE, "on_new_row", return_value=exp.true())),
            (WHEN + BY_SOURCE, mock.patch.object(MERGE, "conjunction", lambda parts: parts[-1])),
        )
    ],
)
def test_a_seeded_fault_in_a_merge_is_refused_by_the_proof(dialect: str, sql: str, fault: Any) -> None:
    """A branch that meets hidden rows, reads a cell as it is stored or makes a row that nobody checked: none runs."""
    assert enforced({"sql": sql}, dialect).sql
    with fault, pytest.raises(AccessDeniedError):
        enforced({"sql": sql}, dialect)


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("postgres", "UPDATE customers AS c SET name = c.ssn FROM orders AS o WHERE o.customer_id = c.id"),
        ("mysql", "UPDATE customers AS c JOIN orders AS o ON o.customer_id = c.id SET c.name = c.ssn"),
        ("sqlite", "UPDATE customers AS c SET name = c.ssn FROM orders AS o WHERE o.customer_id = c.id"),
        ("duckdb", "DELETE FROM customers AS c USING orders AS o WHERE o.customer_id = c.id AND c.ssn = 'x'"),
    ],
)
def test_a_seeded_fault_in_a_joined_write_is_refused_by_the_proof(dialect: str, sql: str) -> None:
    """Of several tables too, none is read as it is stored, and no row is written without its filter."""
    assert enforced({"sql": sql}, dialect).sql
    for fault in (
        mock.patch.object(COMPOSE.Seen, "through", return_value=BARE),
        mock.patch.object(COMPOSE.Seen, "where", return_value=None),
    ):
        with fault, pytest.raises(AccessDeniedError, match="could not be proved"):
            enforced({"sql": sql}, dialect)


def test_an_upsert_on_a_masked_key_is_refused() -> None:
    """Whether a new value collides with a masked one would tell the masked one."""
    sql = "INSERT INTO customers (id, name) VALUES (1, 'a') ON CONFLICT (ssn) DO NOTHING"
    statement = parse(sql, "postgres")
    owed = decision_on(statement, "postgres")
    unfiltered = tuple(each for each in owed.obligations if not isinstance(each, RowFilter))
    with pytest.raises(AccessDeniedError, match="a conflict would compare or change it"):
        enforce_write(statement, catalogue("postgres"), structs.replace(owed, obligations=unfiltered), mask_sql)
    open_key = parse(sql.replace("(ssn)", "(id)"), "postgres")
    owed = structs.replace(decision_on(open_key, "postgres"), obligations=())
    assert "DO NOTHING" in enforce_write(open_key, catalogue("postgres"), owed, mask_sql).sql


def test_mariadb_compares_every_unique_key_so_every_column_must_be_shown() -> None:
    """ON DUPLICATE KEY names no key: one masked column of the table is enough to refuse it."""
    statement = parse("INSERT INTO customers (id, name) VALUES (1, 'a') ON DUPLICATE KEY UPDATE name = 'b'", "mysql")
    owed = decision_on(statement, "mysql")
    assert owed.facts is not None
    assert {use.column for use in owed.facts.columns} == {"id", "name", "ssn", "region", "notes"}
    unfiltered = tuple(each for each in owed.obligations if not isinstance(each, RowFilter))
    with pytest.raises(AccessDeniedError, match="a conflict would compare or change it"):
        enforce_write(statement, catalogue("mysql"), structs.replace(owed, obligations=unfiltered), mask_sql)


def test_the_condition_of_a_merge_is_a_join_to_the_rules() -> None:
    """Facts say how a MERGE uses a column: its ON and its WHEN decide, its SET flows."""
    facts = decision_on(
        parse(WHEN + "MATCHED AND c.region = 'EU' THEN UPDATE SET name = o.memo", "duckdb"), "duckdb"
    ).facts
    assert facts is not None
    used = {f"{use.table.name}.{use.column}": {each.value for each in use.uses} for use in facts.columns}
    assert facts.statement == "merge"
    assert used["customers.id"] == used["customers.region"] == {"filter"}
    assert used["orders.memo"] == {"output"}


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


@pytest.mark.parametrize("world", [Duck, Lite])
def test_upserts_run_on_the_engines_that_are_in_this_process(world: type[Duck | Lite]) -> None:
    """An upsert into a table that the subject has whole does what it says, and reads its source as the subject does."""
    here = world("left")
    here._connection.execute("CREATE UNIQUE INDEX one ON orders (id)")
    doubled = enforced(
        {
            "sql": "INSERT INTO orders (id, memo) VALUES (1, 'new'), (90, 'new') "
            "ON CONFLICT (id) DO UPDATE SET memo = excluded.memo || orders.memo WHERE orders.amount < 100"
        },
        here.dialect,
    )
    copied = enforced(
        {
            "sql": "INSERT INTO orders (id, memo) SELECT c.id, c.ssn FROM customers AS c "
            "ON CONFLICT (id) DO UPDATE SET memo = excluded.memo"
        },
        here.dialect,
    )
    kept = enforced({"sql": "INSERT INTO orders (id) VALUES (1) ON CONFLICT (id) DO NOTHING"}, here.dialect)
    for query in (doubled, copied, kept):
        assert here.ask(query.sql).error == ""
    found = dict(here.ask("SELECT id, memo FROM orders").rows)
    assert found == {1: "***", 2: "b", 3: "***", 4: "d", 5: "***", 7: "***", 90: "new"}
    here.close()
