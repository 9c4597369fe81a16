"""One write in a world, everything that its author sees of it, and what it left; then undone."""

from __future__ import annotations

import sqlite3
from typing import Any

import duckdb
import psycopg
import pymysql

from tests.policy.enforce.world import Database, Lite, Maria, Postgres

VISIBLE = "SELECT id, name, region FROM customers WHERE region = 'EU' ORDER BY id"
HIDDEN = "SELECT * FROM customers WHERE region IS NULL OR region <> 'EU' ORDER BY id"
SECRET = "SELECT id, ssn, notes FROM customers WHERE region = 'EU' ORDER BY id"
ORDERS = "SELECT * FROM orders ORDER BY id"


def change(world: Database, sql: str, made: str = "") -> tuple[Any, dict[str, Any]]:
    """What the write shows (rows met, rows returned, or the error), and the tables after it.

    `made` names the table that the write makes.
    """
    database = world._database if isinstance(world, Maria) else ""
    if database:
        sql = sql.replace("`lab`", f"`{database}`").replace("lab.", f"{database}.")
    if isinstance(world, Lite) and world._connection.isolation_level is not None:
        world._connection.commit()
        world._connection.isolation_level = None  # the driver begins no transactions of its own
    cursor = world._connection.cursor()
    cursor.execute("BEGIN")
    try:
        try:
            cursor.execute(sql)
            shown: Any = _shown(world, cursor, sql)
        except (duckdb.Error, sqlite3.Error, psycopg.Error, pymysql.MySQLError) as error:
            return str(error).replace(database, "lab") if database else str(error), {}
        asked = {"visible": VISIBLE, "hidden": HIDDEN, "secret": SECRET, "orders": ORDERS}
        if made:
            asked["made"] = f"SELECT * FROM {made} ORDER BY 1"
        left = {}
        for name, query in asked.items():
            cursor.execute(query)
            left[name] = [(row[0], repr(row)) for row in cursor.fetchall()]
        return shown, left
    finally:
        cursor.execute("ROLLBACK")
        if made and isinstance(world, Maria):  # its CREATE TABLE commits
            cursor.execute(f"DROP TABLE IF EXISTS {made}")


def _shown(world: Database, cursor: Any, sql: str) -> tuple[int | None, list[tuple[Any, ...]]]:
    returns = " RETURNING " in sql
    rows = [tuple(row) for row in cursor.fetchall()] if returns or world.dialect == "duckdb" else []
    if returns:
        return len(rows), sorted(rows, key=repr)
    if world.dialect == "duckdb":
        return rows[0][0], []
    assert isinstance(world, Lite | Postgres | Maria)
    return (cursor.rowcount if cursor.rowcount >= 0 else None), []
