"""The names of the answer's columns."""

from __future__ import annotations

import sqlite3

import duckdb
import pytest

from guard.policy.enforce import enforce
from guard.sql.parse import parse
from tests.policy.enforce.world import catalogue, decision, mask_sql

QUERIES = (
    "SELECT count(*) FROM customers",
    "SELECT count(*), max(id), id + 1 AS n, name FROM customers GROUP BY id, name",
    "SELECT upper(region), 'x' FROM customers",
    "SELECT count(*) FROM customers UNION ALL SELECT id FROM customers",
    "SELECT * FROM customers",
    "WITH a AS (SELECT id FROM customers) SELECT min(id) FROM a",
)


def names(connection: duckdb.DuckDBPyConnection | sqlite3.Connection, sql: str) -> list[str]:
    description = connection.execute(sql).description
    assert description is not None
    return [column[0] for column in description]


@pytest.mark.parametrize("sql", QUERIES)
@pytest.mark.parametrize("dialect", ["duckdb", "sqlite"])
def test_columns_are_called_as_before(dialect: str, sql: str) -> None:
    """What the user did not name is called as the engine would have called it; nothing of guard shows."""
    known = catalogue(dialect)
    connection = duckdb.connect() if dialect == "duckdb" else sqlite3.connect(":memory:")
    for table in known.tables:
        columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
        connection.execute(f"CREATE TABLE {table.name.name} ({columns})")
    enforced = enforce(parse(sql, dialect), known, decision(dialect), mask_sql)
    assert names(connection, enforced.sql) == names(connection, sql)
    connection.close()
