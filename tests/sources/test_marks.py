"""Marks: the same while nothing changed, another one after any change, none where nothing can be told."""

from __future__ import annotations

import sqlite3

import duckdb
import psycopg
import pytest

from guard.sources import marks
from guard.sources.open import open_source


@pytest.fixture(autouse=True)
def files_that_are_old_enough(monkeypatch):
    """Tests write and read at once; what a young file is has a test of its own."""
    monkeypatch.setattr(marks, "RACY_NS", -(10**18))


def marked(where) -> dict[str, str]:
    source = open_source(where)
    try:
        return {str(name.name): mark for name, mark in source.marks(source.tables()).items()}
    finally:
        source.close()


def test_a_source_that_nobody_touched_keeps_its_marks(source):
    """Every kind of source, over two looks; sampling is no change."""
    tables = source.tables()
    first = source.marks(tables)
    from guard.sources.source import Limits

    for table in tables:
        source.sample(table, rows=10, seed=0, limits=Limits())
    assert source.marks(tables) == first
    assert all(first.values())


def test_a_file_that_changed_within_the_tick_of_a_clock_has_no_mark(tmp_path, monkeypatch):
    """It may change again and keep its times."""
    file = tmp_path / "a.csv"
    file.write_text("a\n1\n")
    changed = file.stat().st_ctime_ns
    monkeypatch.setattr(marks, "RACY_NS", 100)
    assert marks.of_files([file], now_ns=changed + 99) == ""
    assert marks.of_files([file], now_ns=changed + 100) != ""


@pytest.mark.parametrize("same_size", [True, False])
def test_a_data_file_that_was_written_has_another_mark(tmp_path, same_size):
    """Even with as many bytes as before."""
    file = tmp_path / "people.csv"
    file.write_text("name\nanna\n")
    before = marked(str(file))
    status = file.stat()
    file.write_text("name\nemma\n" if same_size else "name\nanna\nemma\n")
    import os

    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))  # the time of change cannot be set back
    assert marked(str(file)) != before


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_sqlite_row_that_changed_moves_the_marks(sqlite_people, mode):
    """Also where the change stands in the write-ahead log only."""
    path = sqlite_people.removeprefix("sqlite:///")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {mode}").fetchall()
    before = marked(sqlite_people)
    connection.execute("UPDATE people SET city = 'moon' WHERE id = 3")
    after = marked(sqlite_people)
    connection.close()
    assert before.keys() == after.keys() == {"people", "in_town"}
    assert all(before[name] != after[name] for name in before)


def test_a_duckdb_row_that_changed_moves_the_marks(duckdb_people):
    """The file is one: each of its tables may have changed."""
    before = marked(duckdb_people)
    with duckdb.connect(duckdb_people.removeprefix("duckdb:///")) as connection:
        connection.execute("UPDATE people SET city = 'moon' WHERE id = 3")
    after = marked(duckdb_people)
    assert before.keys() == after.keys() == {"people", "in_town"}
    assert all(before[name] != after[name] for name in before)


def test_frames_have_no_mark():
    """A table in memory leaves no trace of its changes."""
    import pyarrow as pa

    assert marked(pa.table({"a": [1]})) == {}


CHANGES = {
    "insert": "INSERT INTO people VALUES (1000, 'new', 'town')",
    "update": "UPDATE people SET city = 'moon' WHERE id = 3",
    "delete": "DELETE FROM people WHERE id = 3",
    "truncate": "TRUNCATE people",
    "rewrite": "VACUUM FULL people",
    "child": "INSERT INTO child VALUES (2000, 'new', 'town')",
    "partition": "INSERT INTO parted VALUES (5, 'x')",
    "crash": "SELECT pg_stat_reset()",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_postgres_table_that_changed_has_another_mark(postgres_people, change):
    """Each way of changing rows, of the table, of a child, of a partition; and counters that began anew."""
    moved = {"child": {"people", "child"}, "partition": {"parted", "part"}}.get(change, {"people"})
    with psycopg.connect(postgres_people, autocommit=True) as connection:
        connection.execute("CREATE TABLE other AS SELECT 1 AS a")
        connection.execute("CREATE TABLE parted (a int, b text) PARTITION BY RANGE (a)")
        connection.execute("CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (10)")
        if change == "child":
            connection.execute("CREATE TABLE child () INHERITS (people)")
        connection.execute("SELECT pg_stat_force_next_flush()")
        before = marked(postgres_people)
        assert marked(postgres_people) == before
        connection.execute(CHANGES[change])
        connection.execute("SELECT pg_stat_force_next_flush()")
        connection.execute("SELECT 1")
        after = marked(postgres_people)
    assert "in_town" not in before  # a view counts nothing
    changed = {name for name in before if before[name] != after[name]}
    if change == "crash":
        assert changed == before.keys()
    else:
        assert changed == {"people"} | moved if change == "child" else changed == moved


def test_a_parent_with_a_child_on_another_server_has_no_mark(postgres_people):
    """Nobody here counts what changes there."""
    with psycopg.connect(postgres_people, autocommit=True) as connection:
        connection.execute("CREATE FOREIGN DATA WRAPPER nothing")
        connection.execute("CREATE SERVER far FOREIGN DATA WRAPPER nothing")
        connection.execute("CREATE FOREIGN TABLE abroad () INHERITS (people) SERVER far")
    assert "people" not in marked(postgres_people)
