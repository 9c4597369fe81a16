"""The same small database in every kind of source."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg
import pytest

from guard.sources.open import open_source
from guard.sources.source import Source
from tests.servers.mariadb import MariaDbServer

PEOPLE = "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT)"
VIEW = "CREATE VIEW in_town AS SELECT id, name FROM people WHERE city = 'town'"
ROWS = 500
KINDS = ("sqlite", "duckdb", "postgres", "mariadb", "files", "arrow")


def people() -> list[tuple[int, str, str]]:
    """500 rows; every fifth lives in town."""
    return [(number, f"name-{number}", "town" if number % 5 == 0 else "land") for number in range(ROWS)]


def make_sqlite(folder: Path) -> str:
    file = folder / "people.db"
    connection = sqlite3.connect(file)
    connection.execute(PEOPLE)
    connection.execute(VIEW)
    connection.executemany("INSERT INTO people VALUES (?, ?, ?)", people())
    connection.commit()
    connection.close()
    return f"sqlite:///{file}"


def make_duckdb(folder: Path) -> str:
    file = folder / "people.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(PEOPLE)
        connection.execute(VIEW)
        connection.executemany("INSERT INTO people VALUES (?, ?, ?)", people())
    return f"duckdb:///{file}"


def make_postgres(url: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(PEOPLE)
        connection.execute(VIEW)
        connection.cursor().executemany("INSERT INTO people VALUES (%s, %s, %s)", people())
        connection.execute("COMMENT ON COLUMN people.name IS '姓名'")
        connection.execute("ANALYZE people")
    return url


def make_mariadb(server: MariaDbServer) -> str:
    database = server.create_database()
    with contextlib.closing(server.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(PEOPLE.replace("name TEXT NOT NULL", "name TEXT NOT NULL COMMENT '姓名'"))
        cursor.execute(VIEW)
        cursor.executemany("INSERT INTO people VALUES (%s, %s, %s)", people())
        cursor.execute("ANALYZE TABLE people")
    return server.url(database)


@pytest.fixture(params=KINDS)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    """One source of each kind over the same people."""
    where: object
    if request.param == "sqlite":
        where = make_sqlite(tmp_path)
    elif request.param == "duckdb":
        where = make_duckdb(tmp_path)
    elif request.param == "postgres":
        where = make_postgres(request.getfixturevalue("postgres").create_database())
    elif request.param == "mariadb":
        where = make_mariadb(request.getfixturevalue("mariadb"))
    elif request.param == "files":
        file = tmp_path / "people.csv"
        file.write_text("id,name,city\n" + "".join(f"{a},{b},{c}\n" for a, b, c in people()))
        where = str(file)
    else:
        import pyarrow as pa

        ids, names, cities = zip(*people(), strict=True)
        where = {"people": pa.table({"id": ids, "name": names, "city": cities})}
    opened = open_source(where)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_people(tmp_path: Path) -> str:
    """The URI of the people in SQLite."""
    return make_sqlite(tmp_path)


@pytest.fixture
def duckdb_people(tmp_path: Path) -> str:
    """The URI of the people in DuckDB."""
    return make_duckdb(tmp_path)


@pytest.fixture
def postgres_people(postgres) -> str:
    """The URL of the people in PostgreSQL."""
    return make_postgres(postgres.create_database())


@pytest.fixture
def mariadb_people(mariadb) -> str:
    """The URL of the people in MariaDB."""
    return make_mariadb(mariadb)
