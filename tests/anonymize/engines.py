"""One masked column read back from a real engine, in row order."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pymysql
from sqlglot import exp

from guard.anonymize.hmac_sql import SQLITE_FUNCTION, sha256
from guard.model import Column, EnforcedQuery
from guard.policy.enforce.mariadb import own_type
from guard.sources.binding import bind
from guard.sql.masking import Parameters

Run = Callable[[pa.Array, str, exp.Expression, Parameters], list[Any]]


def statement(expression: exp.Expression, dialect: str) -> str:
    """The query over the table `t(i, c)` that every engine runs."""
    return exp.select(expression.as_("m")).from_("t").order_by("i").sql(dialect)


def revealed(parameters: Parameters) -> dict[str, Any]:
    """The bound values as a driver gets them."""
    return {name: value.reveal() for name, value in parameters.values().items()}


def duckdb_run(values: pa.Array, column_type: str, expression: exp.Expression, parameters: Parameters) -> list[Any]:
    """In DuckDB."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Shanghai'")
        frame = pa.table({"i": pa.array(range(len(values))), "c": values})
        connection.register("frame", frame)
        connection.execute(f"CREATE TABLE t AS SELECT i, c::{column_type} AS c FROM frame")
        sql = statement(expression, "duckdb")
        relation = connection.sql(sql, params=revealed(parameters))
        assert relation.types == connection.sql("SELECT c FROM t").types, "the column's own type"
        return relation.to_arrow_table().column("m").combine_chunks().cast(values.type).to_pylist()


def sqlite_run(values: pa.Array, column_type: str, expression: exp.Expression, parameters: Parameters) -> list[Any]:
    """In SQLite."""
    connection = sqlite3.connect(":memory:")
    connection.create_function(SQLITE_FUNCTION, 1, sha256, deterministic=True)
    connection.execute(f"CREATE TABLE t (i INTEGER, c {column_type})")
    connection.executemany("INSERT INTO t VALUES (?, ?)", enumerate(values.to_pylist()))
    rows = connection.execute(statement(expression, "sqlite"), revealed(parameters)).fetchall()
    connection.close()
    return [row[0] for row in rows]


def mariadb_runner(connection: pymysql.Connection) -> Run:
    """In MariaDB, as the wrap of enforcement casts it."""

    def run(values: pa.Array, column_type: str, expression: exp.Expression, parameters: Parameters) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS t")
            cursor.execute(f"CREATE TABLE t (i INTEGER, c {column_type})")
            cursor.executemany("INSERT INTO t VALUES (%s, %s)", list(enumerate(values.to_pylist())))
            cast = own_type(expression, Column("c", column_type))
            query = EnforcedQuery(sql=statement(cast, "mysql"), dialect="mysql", parameters=parameters.values())
            bound = bind(query, "pyformat")
            cursor.execute(bound.sql, bound.mapping(query.parameters))
            rows = [row[0] for row in cursor.fetchall()]
            return pa.array(rows, values.type).to_pylist()

    return run


def postgres_runner(url: str) -> Run:
    """In PostgreSQL."""

    def run(values: pa.Array, column_type: str, expression: exp.Expression, parameters: Parameters) -> list[Any]:
        with psycopg.connect(url) as connection:
            connection.execute("SET TimeZone = 'Asia/Shanghai'")
            connection.execute(f"CREATE TEMPORARY TABLE t (i integer, c {column_type})")
            with connection.cursor() as cursor:
                cursor.executemany("INSERT INTO t VALUES (%s, %s)", list(enumerate(values.to_pylist())))
                sql, kind = statement(expression, "postgres"), str(values.type)
                answer = cursor.execute(sql, revealed(parameters) or None)
                types = connection.execute(
                    "SELECT c.oid = m.oid FROM pg_type c, pg_type m, pg_attribute a"
                    " WHERE a.attrelid = 't'::regclass AND a.attname = 'c' AND c.oid = a.atttypid AND m.oid = %s",
                    [answer.description[0].type_code],
                )
                assert types.fetchone() == (True,), f"the column's own type ({kind})"
                return pa.array([row[0] for row in answer.fetchall()], values.type).to_pylist()

    return run
