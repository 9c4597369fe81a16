"""Where errors hang on the plan of a join, PostgreSQL plans without knowing of what is hidden."""

from __future__ import annotations

import importlib
from typing import Any

import psycopg
import pytest

from guard.model import Compare, Decision, RowFilter
from guard.policy.enforce import enforce, enforce_text
from guard.policy.enforce.failing import failing_nodes
from guard.policy.enforce.opaque import needs_opaque
from guard.sql.parse import parse, read
from tests.policy.enforce.world import catalogue, mask_sql
from tests.servers.postgres import PostgresServer

rewrite = importlib.import_module("guard.policy.enforce.rewrite")  # the package shows a function of this name

SQL = "SELECT c.id FROM customers AS c JOIN orders AS o ON o.id = c.id WHERE CAST(o.memo AS integer) > 0"
EARLY = (
    SQL,
    "SELECT c.id FROM customers AS c, orders AS o WHERE 1 / c.id = o.id",
    "SELECT c.id FROM customers AS c JOIN orders AS o ON o.id = c.id + 1",
    "SELECT d.x FROM (SELECT 1 / c.id AS x FROM customers AS c) AS d JOIN orders AS o ON o.id = d.x",
    "SELECT 1 / c.id FROM customers AS c JOIN orders AS o ON o.id = c.id LIMIT 1",
    "SELECT 1 / c.id FROM customers AS c JOIN orders AS o ON o.id = c.id",
    "SELECT (SELECT 1 / o.id FROM orders AS o LIMIT 1) FROM customers AS c",
)
LATE = (
    "SELECT sum(c.id) / count(*) FROM customers AS c JOIN orders AS o ON o.id = c.id",
    "SELECT c.name, sum(o.id * 2) FROM customers AS c JOIN orders AS o ON o.id = c.id GROUP BY 1 ORDER BY 2 LIMIT 3",
    "SELECT sum(1 / c.id) FROM customers AS c UNION ALL SELECT sum(o.id * 2) FROM orders AS o",
    "SELECT c.id FROM customers AS c WHERE 1 / c.id > 0",
    "SELECT c.id FROM customers AS c JOIN orders AS o ON o.id = c.id WHERE c.id > 0",
)


@pytest.mark.parametrize("sql", [*EARLY, *LATE])
def test_only_what_the_plan_decides_about_is_closed(sql: str) -> None:
    """Conditions, inner queries and cut lists are; what runs on finished rows, and single tables, are not."""
    tables = sql.count("customers") + sql.count("orders")
    failing = list(failing_nodes(parse(sql, "postgres"), (), "postgres"))
    assert needs_opaque(failing, tables, "postgres") is (sql in EARLY)
    assert not needs_opaque(failing, tables, "sqlite")


def protected() -> Decision:
    known = {table.name.name: table.name for table in catalogue("postgres").tables}
    owed = (
        RowFilter(known["customers"], Compare("region", "eq", "EU"), "rows"),
        RowFilter(known["orders"], Compare("id", "gt", 0), "rows"),
    )
    return Decision(id="d", outcome="allow", subject="s", purpose="p", obligations=owed)


def shape(plan: dict[str, Any]) -> Any:
    """A plan without what computes the arrays: kinds of nodes, estimates, and their order."""
    inner = [shape(each) for each in plan.get("Plans", ()) if each.get("Parent Relationship") != "InitPlan"]
    return plan["Node Type"], plan.get("Plan Rows"), plan.get("Plan Width"), inner


def plans(postgres: PostgresServer, sql: str) -> list[Any]:
    """The plans of one text where nothing is hidden, and where a hundred thousand rows are."""
    found = []
    for hidden in (0, 100_000):
        with psycopg.connect(postgres.create_database(), autocommit=True) as connection:
            connection.execute("CREATE TABLE customers (id int, region text)")
            connection.execute("CREATE TABLE orders (id int, memo text)")
            connection.execute("INSERT INTO customers SELECT n, 'EU' FROM generate_series(1, 50) n")
            connection.execute("INSERT INTO customers SELECT n, 'US' FROM generate_series(1, %s) n", (hidden,))
            connection.execute("INSERT INTO orders SELECT n, n::text FROM generate_series(1, 50) n")
            connection.execute("ANALYZE")
            row = connection.execute(f"EXPLAIN (FORMAT JSON) {sql}").fetchone()
            assert row is not None
            found.append(shape(row[0][0]["Plan"]))
    return found


@pytest.mark.postgres
def test_the_plan_is_the_same_whatever_is_hidden(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """On both ways; and it is not where the array is left out."""
    known, owed = catalogue("postgres"), protected()
    for sql in (
        enforce_text(*read(SQL, "postgres"), known, owed, mask_sql).query.sql,
        enforce(parse(SQL, "postgres"), known, owed, mask_sql).sql,
    ):
        left, right = plans(postgres, sql)
        assert left == right
    monkeypatch.setattr(rewrite, "needs_opaque", lambda *_: False)
    left, right = plans(postgres, enforce(parse(SQL, "postgres"), known, owed, mask_sql).sql)
    assert left != right
