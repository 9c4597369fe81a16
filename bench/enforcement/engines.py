"""Databases to ask: everything that a client can see of one statement, on DuckDB, SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import duckdb
import psycopg
import pymysql

from guard.sources.duckdb_engine import pinned_config
from guard.sources.mariadb_session import PINS
from tests.servers.mariadb import MariaDbServer, find_programs, mariadb_server
from tests.servers.postgres import find_binaries, postgres_server


class Seen(NamedTuple):
    """One answer: names and types of its columns, its rows, the error in full, the notices."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    error: str = ""
    notices: tuple[str, ...] = ()


class Side(Protocol):
    """One database."""

    def build(self, script: Sequence[str], rows: Sequence[tuple[str, list[tuple[Any, ...]]]]) -> None:
        """Empties the database, runs the script, and fills each named table."""

    def ask(self, sql: str) -> Seen:
        """Runs one statement without parameters."""

    def provide(self, name: str, function: Any) -> bool:
        """Makes a function on a column of text callable, where the engine can."""


def _plain(row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(repr(value) if isinstance(value, list | dict | set) else value for value in row)


class Duck:
    """DuckDB in memory as guard's sources open it, on one thread so that sums have one order."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(config=pinned_config() | {"threads": "1"})
        self._provided: set[str] = set()

    def build(self, script: Sequence[str], rows: Sequence[tuple[str, list[tuple[Any, ...]]]]) -> None:
        self._connection.close()
        self.__init__()  # type: ignore[misc]
        _fill(self._connection, script, rows, "?")

    def ask(self, sql: str) -> Seen:
        try:
            cursor = self._connection.execute(sql)
            described = cursor.description or []
            rows = tuple(_plain(row) for row in cursor.fetchall())
        except duckdb.Error as error:
            return Seen((), (), (), f"{type(error).__name__}: {error}")
        return Seen(tuple(d[0] for d in described), tuple(str(d[1]) for d in described), rows)

    def provide(self, name: str, function: Any) -> bool:
        if name not in self._provided:
            self._provided.add(name)
            self._connection.create_function(  # a function without annotations: DuckDB would evaluate them
                name, _unannotated(function), ["VARCHAR"], "VARCHAR", type="arrow", null_handling="special"
            )
        return True


class Lite:
    """SQLite in memory."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:")

    def build(self, script: Sequence[str], rows: Sequence[tuple[str, list[tuple[Any, ...]]]]) -> None:
        self._connection.close()
        self._connection = sqlite3.connect(":memory:")
        _fill(self._connection, script, rows, "?")

    def ask(self, sql: str) -> Seen:
        try:
            cursor = self._connection.execute(sql)
            rows = tuple(_plain(row) for row in cursor.fetchall())
        except sqlite3.Error as error:
            return Seen((), (), (), f"{type(error).__name__}: {error}")
        types = tuple(sorted({str([type(value).__name__ for value in row]) for row in rows}))
        return Seen(tuple(d[0] for d in cursor.description or ()), types, rows)

    def provide(self, name: str, function: Any) -> bool:  # noqa: ARG002 - the border's signature
        return False


class Postgres:
    """A database of its own on a running server; its schema is made anew by each build."""

    def __init__(self, url: str) -> None:
        self._notices: list[str] = []
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.add_notice_handler(lambda notice: self._notices.append(notice.message_primary or ""))

    def build(self, script: Sequence[str], rows: Sequence[tuple[str, list[tuple[Any, ...]]]]) -> None:
        self._connection.execute("DROP SCHEMA public CASCADE")
        self._connection.execute("CREATE SCHEMA public")
        self._connection.execute("SET search_path = pg_catalog, public")
        _fill(self._connection.cursor(), [text.replace("CREATE TABLE ", "CREATE TABLE public.") for text in script],
              rows, "%s")  # fmt: skip
        self._connection.execute("ANALYZE")

    def ask(self, sql: str) -> Seen:
        self._notices.clear()
        try:
            cursor = self._connection.execute(sql)
            rows = tuple(_plain(row) for row in cursor.fetchall()) if cursor.description else ()
        except psycopg.Error as error:
            return Seen((), (), (), f"{error.sqlstate}: {error}", tuple(self._notices))
        described = cursor.description or []
        types = tuple(str(d.type_code) for d in described)
        return Seen(tuple(d.name for d in described), types, rows, notices=tuple(self._notices))

    def provide(self, name: str, function: Any) -> bool:  # noqa: ARG002
        return False


class Maria:
    """A database of its own on a running server, which statements call `lab`; every warning is a notice.

    Texts compare by code point, as the reader of row filters (world.py) does for greater and less.
    """

    def __init__(self, server: MariaDbServer) -> None:
        self._database = server.create_database()
        self._connection = server.connect(self._database)
        with self._connection.cursor() as cursor:
            for name, value in PINS.items():
                cursor.execute(f"SET SESSION {name} = %s", (value,))

    def build(self, script: Sequence[str], rows: Sequence[tuple[str, list[tuple[Any, ...]]]]) -> None:
        made = [f"DROP DATABASE {self._database}",
                f"CREATE DATABASE {self._database} CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin",
                f"USE {self._database}", *(text.replace('"', "`") for text in script)]  # fmt: skip
        with self._connection.cursor() as cursor:
            _fill(cursor, made, [(name.replace('"', "`"), values) for name, values in rows], "%s")

    def ask(self, sql: str) -> Seen:
        with self._connection.cursor() as cursor:
            try:
                cursor.execute(sql.replace("`lab`", f"`{self._database}`").replace("lab.", f"{self._database}."))
                described, rows = cursor.description or (), tuple(_plain(row) for row in cursor.fetchall())
            except pymysql.MySQLError as error:
                return Seen((), (), (), self._told(error))
            cursor.execute("SHOW WARNINGS")
            notices = tuple(self._told(row) for row in cursor.fetchall())
        return Seen(tuple(d[0] for d in described), tuple(str(d[1]) for d in described), rows, notices=notices)

    def _told(self, what: object) -> str:
        return str(what).replace(self._database, "lab")

    def provide(self, name: str, function: Any) -> bool:  # noqa: ARG002
        return False


def _fill(connection: Any, script: Sequence[str], rows: Sequence[tuple[str, list[tuple[Any, ...]]]], mark: str) -> None:
    for text in script:
        connection.execute(text)
    for table, values in rows:
        if values:
            places = ", ".join([mark] * len(values[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({places})", values)


@contextlib.contextmanager
def opened(count: int) -> Iterator[dict[str, list[Side]]]:
    """`count` databases of every engine that is on this machine, by dialect."""
    sides: dict[str, list[Side]] = {
        "sqlite": [Lite() for _ in range(count)],
        "duckdb": [Duck() for _ in range(count)],
    }
    with contextlib.ExitStack() as servers:
        if (binaries := find_binaries()) is None:
            print("postgres  not on this machine")
        else:
            server = servers.enter_context(postgres_server(binaries))
            sides["postgres"] = [Postgres(server.create_database()) for _ in range(count)]
        if (programs := find_programs()) is None:
            print("mysql     not on this machine")
        else:
            maria = servers.enter_context(mariadb_server(programs))
            sides["mysql"] = [Maria(maria) for _ in range(count)]
        yield sides


def _unannotated(function: Any) -> Any:
    """DuckDB would evaluate the annotations of a function."""

    def call(column: Any) -> Any:
        return function(column)

    call.__annotations__ = {}
    return call
