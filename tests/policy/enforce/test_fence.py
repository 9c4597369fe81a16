"""The fence: when it stands, what is copied under it, and that a lookup by key stays one."""

from __future__ import annotations

import psycopg
import pytest

from guard.model import Compare, InTable, Mask, RowFilter
from guard.policy.enforce import enforce
from guard.policy.enforce.failing import can_fail
from guard.sql.parse import parse
from tests.policy.enforce.conftest import Worlds
from tests.policy.enforce.world import catalogue, decision, decision_on, mask_sql
from tests.servers.postgres import PostgresServer

CONDITIONS = {
    "id = 3": '"guard_t"."id" = 3',
    "id IN (3, 4)": '"guard_t"."id" IN (3, 4)',
    "id BETWEEN 3 AND 4": '"guard_t"."id" BETWEEN 3 AND 4',
    "c.region > 'A'": '"guard_t"."region" > \'A\'',
    "id = $1": '"guard_t"."id" = $1',
    "id = 3 OR id = 4": "",
    "NOT id = 3": "",
    "id <> 3": "",
    "ssn = 'x'": "",  # masked
    "name LIKE 'a%'": "",  # not leakproof
    "id = 1.5": "",  # another operator
    "id = length(name)": "",
    "id + 1 = 3": "",
    "o.id = 3": "",
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_only_comparisons_that_tell_nothing_go_under_the_fence(condition: str) -> None:
    """Unmasked columns of comparable types with literals, and nothing else."""
    sql = f"SELECT 1 / c.id FROM customers c WHERE {condition}"
    if "o." in condition:
        sql = f"SELECT 1 / c.id FROM customers c JOIN orders o ON o.customer_id = c.id WHERE {condition}"
    statement = parse(sql, "postgres")
    text = enforce(statement, catalogue("postgres"), decision_on(statement, "postgres"), mask_sql).sql
    under = text.split('"guard_t" WHERE ("guard_t"."region" = CAST(\'EU\' AS TEXT))')[1].split(" OFFSET 0")[0]
    assert under == (f" AND {CONDITIONS[condition]}" if CONDITIONS[condition] else "")


@pytest.mark.parametrize(
    ("sql", "fails"),
    [
        ("SELECT id FROM customers WHERE id = 3 AND name LIKE 'a%'", False),
        ("SELECT region, count(*) FROM customers GROUP BY region ORDER BY 2", False),
        ("SELECT c.id FROM customers c JOIN orders o ON o.customer_id = c.id", False),
        ("SELECT id FROM customers WHERE 1 / id > 0", True),
        ("SELECT CAST(name AS INT) FROM customers", True),
        ("SELECT id FROM customers WHERE id * 2 > 0", True),
        ("SELECT id FROM customers WHERE name LIKE 'a\\'", True),
    ],
)
def test_what_can_fail(sql: str, fails: bool) -> None:
    """Without anything that can fail on a value there is nothing to fence."""
    assert can_fail(parse(sql, "postgres"), catalogue("postgres").tables, "postgres") is fails


def test_duckdb_casts_make_a_comparison_fail() -> None:
    """DuckDB compares a text with a date by casting the text: columns of two types count as able to fail."""
    known = catalogue("duckdb").tables
    assert can_fail(parse("SELECT id FROM customers WHERE name = id", "duckdb"), known, "duckdb")
    assert can_fail(parse("SELECT id FROM (SELECT name AS id FROM customers) WHERE id > 1", "duckdb"), known, "duckdb")
    assert not can_fail(parse("SELECT id FROM customers WHERE id > 1 AND name = 'a'", "duckdb"), known, "duckdb")


def test_without_the_fence_the_planner_leaks(worlds: Worlds) -> None:
    """The leak is real where the fence stands: without it the text tells of a hidden row (DuckDB keeps the order).

    MariaDB raises no error here; its casts warn.
    """
    dialect = worlds.dialect
    cast = "json_extract(substr(name, 5), '$')" if dialect == "sqlite" else "CAST(substr(name, 5) AS INTEGER)"
    exists = "EXISTS (SELECT 1 FROM acl WHERE acl.region = g.region AND acl.who = 'me')"
    plain = f"SELECT id FROM (SELECT id, name FROM customers g WHERE {exists}) c WHERE {cast} > 0"
    most = {"sqlite": " LIMIT -1", "mysql": " LIMIT 18446744073709551615"}.get(dialect, "")
    fenced = plain.replace(") c", f"{most} OFFSET 0) c")
    assert worlds.left.ask(fenced).error == ""
    leaked = worlds.left.ask(plain).error
    assert bool(leaked) == (dialect not in {"duckdb", "mysql"})
    if dialect == "postgres":
        assert "CANARY" in leaked  # the error prints a value of a row that the subject does not have


def test_a_lookup_by_key_uses_the_index_under_an_entitlement(postgres: PostgresServer) -> None:
    """The copied conjunct lets PostgreSQL find one row; the plan never scans the table."""
    with psycopg.connect(postgres.create_database(), autocommit=True) as connection:
        connection.execute("CREATE TABLE customers (id int PRIMARY KEY, name text, ssn text, region text, notes jsonb)")
        connection.execute("CREATE TABLE acl (region text, who text)")
        connection.execute(
            "INSERT INTO customers SELECT i, 'usr-' || i, 's', CASE WHEN i % 2 = 0 THEN 'EU' ELSE 'US' END, NULL"
            " FROM generate_series(1, 20000) i"
        )
        connection.execute("INSERT INTO acl VALUES ('EU', 'me')")
        connection.execute("ANALYZE")
        name = catalogue("postgres").tables[0].name
        owed = (
            RowFilter(name, InTable("region", "acl", "region", Compare("who", "eq", "me")), "r"),
            Mask(name, "ssn", "redact", {}, "m"),
        )
        statement = parse("SELECT name, ssn, 10 / id FROM customers WHERE id = 4242", "postgres")
        sql = enforce(statement, catalogue("postgres"), decision("postgres", owed=owed), mask_sql).sql
        assert "OFFSET 0" in sql
        plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN {sql}").fetchall())
        assert "Index Scan using customers_pkey" in plan
        assert "Seq Scan on customers" not in plan
        assert connection.execute(sql).fetchall() == [("usr-4242", "***", 0)]


@pytest.mark.parametrize(
    ("source", "fails"),
    [
        ("SELECT 1 AS k", False),
        ("SELECT 1 AS k UNION ALL SELECT 2", False),
        ("SELECT 1 AS k UNION ALL SELECT 'x'", True),
        ("SELECT 'x' AS k", True),
        ("SELECT 1.5 AS k", True),
        ("SELECT name AS k FROM customers", True),
        ("SELECT 1 AS k UNION ALL SELECT name FROM customers", True),
    ],
)
def test_a_named_literal_has_a_family_in_duckdb(source: str, fails: bool) -> None:
    """DuckDB casts implicitly: an integer beside a column that is made of integers alone needs no cast that fails."""
    statement = parse(f"SELECT 1 FROM customers AS c JOIN ({source}) AS n ON n.k = c.id", "duckdb")
    assert can_fail(statement, catalogue("duckdb").tables, "duckdb") == fails
