"""What only SQLite has: the authorizer, values of any type, a file that is replaced."""

from __future__ import annotations

import hashlib
import sqlite3

import pyarrow as pa
import pytest

from guard.errors import SourceError
from guard.model import EnforcedQuery
from guard.sources import sqlite_sample
from guard.sources.open import open_source
from guard.sources.source import Limits

LIMITS = Limits()


def ask(source, sql):
    return source.run(EnforcedQuery(sql=sql, dialect="sqlite"), limits=LIMITS)


def build(file, script):
    connection = sqlite3.connect(file)
    connection.executescript(script)
    connection.commit()
    connection.close()
    return f"sqlite:///{file}"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM sqlite_master",
        "SELECT * FROM sqlite_schema",
        "SELECT * FROM pragma_table_info('people')",
        "SELECT * FROM pragma_database_list",
        "SELECT * FROM json_each('[1]')",
        "SELECT zeroblob(1000000000)",
        "SELECT randomblob(10)",
        "SELECT sqlite_version()",
        "SELECT fts3_tokenizer('x')",
        "SELECT changes()",
        "CREATE TEMP TABLE x (a)",
        "VACUUM",
        "VACUUM INTO '/tmp/guard_test_copy.db'",
        "REINDEX",
        "BEGIN",
        "PRAGMA query_only = OFF",
        "SELECT '" + "x" * 2_000_000 + "'",
        "SELECT " + "(" * 600 + "1" + ")" * 600,
    ],
    ids=lambda sql: sql[:40],
)
def test_the_authorizer_refuses(sqlite_people, sql):
    """Only reading the user's tables and known functions is allowed."""
    source = open_source(sqlite_people)
    with pytest.raises(SourceError):
        ask(source, sql)
    source.close()


def test_guard_sha256_is_the_raw_digest(sqlite_people):
    """Masks need a digest that SQLite does not have: 32 bytes, text as UTF-8, NULL for NULL."""
    source = open_source(sqlite_people)
    answer = ask(
        source, "SELECT guard_sha256(CAST('张三' AS BLOB)) AS b, guard_sha256('张三') AS t, guard_sha256(NULL) AS n"
    )
    digest = hashlib.sha256("张三".encode()).digest()
    assert answer.to_pylist() == [{"b": digest, "t": digest, "n": None}]
    with pytest.raises(SourceError):
        ask(source, "SELECT guard_sha256(1) AS x")
    source.close()


def test_types_follow_the_values(tmp_path):
    """SQLite's columns hold what they like; the Arrow type is that of what is there."""
    source = open_source(
        build(
            tmp_path / "t.db",
            "CREATE TABLE t (i INTEGER, r REAL, m, x TEXT, b BLOB, n);"
            "INSERT INTO t VALUES (1, 1, 1, 'a', x'00', NULL), (NULL, 2.5, 'two', 'b', x'ff', NULL)",
        )
    )
    answer = ask(source, "SELECT * FROM t")
    assert answer.schema.types == [pa.int64(), pa.float64(), pa.string(), pa.string(), pa.binary(), pa.null()]
    assert answer.column("m").to_pylist() == ["1", "two"]
    assert ask(source, "SELECT 1 AS a, 1.5 AS a UNION ALL SELECT 2, 3").column_names == ["a", "a"]
    source.close()


def test_text_that_is_not_utf8_is_marked(tmp_path):
    """A broken cell does not fail the query, and no error prints it."""
    source = open_source(build(tmp_path / "t.db", "CREATE TABLE t (x); INSERT INTO t VALUES (CAST(x'41ff42' AS TEXT))"))
    assert ask(source, "SELECT x FROM t").to_pylist() == [{"x": "A\ufffdB"}]
    source.close()


def test_columns_and_row_numbers_of_all_kinds_of_tables(tmp_path):
    """Generated columns count, tables without a row number are sampled, hidden row numbers are found."""
    source = open_source(
        build(
            tmp_path / "t.db",
            "CREATE TABLE plain (id INTEGER PRIMARY KEY, a TEXT NOT NULL, twice AS (a || a));"
            "CREATE TABLE bare (k TEXT PRIMARY KEY, v) WITHOUT ROWID;"
            "CREATE TABLE hidden (rowid TEXT, _rowid_ TEXT, oid TEXT);"
            "CREATE VIEW broken AS SELECT * FROM gone;"
            "INSERT INTO plain(id, a) VALUES (1, 'x'), (9, 'y'); INSERT INTO bare VALUES ('k', 1);"
            "INSERT INTO hidden VALUES ('a', 'b', 'c')",
        )
    )
    tables = {table.name.name: table for table in source.tables()}
    assert {name: [column.name for column in table.columns] for name, table in tables.items()} == {
        "bare": ["k", "v"],
        "broken": [],
        "hidden": ["rowid", "_rowid_", "oid"],
        "plain": ["id", "a", "twice"],
    }
    samples = {
        name: source.sample(table, rows=9, seed=1, limits=LIMITS).to_pylist()
        for name, table in tables.items()
        if name != "broken"
    }
    assert samples == {
        "bare": [{"k": "k", "v": 1}],
        "hidden": [{"rowid": "a", "_rowid_": "b", "oid": "c"}],
        "plain": [{"id": 1, "a": "x", "twice": "xx"}, {"id": 9, "a": "y", "twice": "yy"}],
    }
    source.close()


def test_a_large_table_is_sampled_by_random_points(tmp_path, monkeypatch):
    """Rows come from the whole range, repeatably, without reading it."""
    monkeypatch.setattr(sqlite_sample, "READ_ALL_ROWS", 100)
    source = open_source(
        build(
            tmp_path / "t.db",
            "CREATE TABLE t (id INTEGER PRIMARY KEY);"
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 7 FROM n WHERE i < 70000)"
            "INSERT INTO t SELECT i FROM n",
        )
    )
    table = source.tables()[0]
    first = source.sample(table, rows=50, seed=3, limits=LIMITS).column("id").to_pylist()
    assert first == source.sample(table, rows=50, seed=3, limits=LIMITS).column("id").to_pylist()
    assert len(set(first)) == 50
    assert max(first) - min(first) > 35_000
    source.close()


def test_a_replaced_file_is_another_database(sqlite_people, tmp_path):
    """The version, the tables and the answers are those of the file that stands at the path now."""
    source = open_source(sqlite_people)
    version = source.version()
    build(tmp_path / "fresh.db", "CREATE TABLE people (id, other); INSERT INTO people VALUES (1, 'fresh')")
    (tmp_path / "fresh.db").replace(tmp_path / "people.db")
    assert source.version() != version
    assert [column.name for column in source.tables()[0].columns] == ["id", "other"]
    assert ask(source, "SELECT other FROM people").to_pylist() == [{"other": "fresh"}]
    source.close()


def test_a_changed_schema_changes_the_version(sqlite_people):
    """Another program's ALTER TABLE is seen."""
    source = open_source(sqlite_people)
    version = source.version()
    assert source.version() == version
    build(sqlite_people.partition(":///")[2], "ALTER TABLE people ADD COLUMN phone")
    assert source.version() != version
    source.close()


def test_what_is_no_database_is_refused(tmp_path):
    """A file of something else is an error of the source."""
    (tmp_path / "t.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(SourceError):
        open_source(str(tmp_path / "t.db"))
