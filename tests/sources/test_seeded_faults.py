"""The fences are what stops an attack: with one taken away, the attack works. Else its test would prove nothing."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest

from guard.errors import SourceError
from guard.model import EnforcedQuery
from guard.sources import duckdb_engine, postgres_exchange, postgres_sample, postgres_session, sqlite
from guard.sources.open import open_source
from guard.sources.source import Limits

LIMITS = Limits()


def ask(source, sql):
    query = EnforcedQuery(sql=sql, dialect=source.dialect)
    try:
        return source.run(query, limits=LIMITS).to_pylist()
    finally:
        source.close()


def test_without_the_authorizer_sqlite_tells_its_schema(sqlite_people, monkeypatch):
    """The authorizer is the fence around system tables."""
    sql = "SELECT count(*) AS n FROM sqlite_master"
    with pytest.raises(SourceError):
        ask(open_source(sqlite_people), sql)
    monkeypatch.setattr(sqlite, "Authorizer", lambda: lambda *action: sqlite3.SQLITE_OK)
    assert ask(open_source(sqlite_people), sql) == [{"n": 2}]


def test_without_the_lock_duckdb_reads_files(tmp_path, monkeypatch):
    """`enable_external_access = false` is the fence around files."""
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    (tmp_path / "key").write_text("CANARY")
    sql = f"SELECT content FROM read_text('{tmp_path / 'key'}')"
    with pytest.raises(SourceError):
        ask(open_source(str(tmp_path / "t.csv")), sql)
    monkeypatch.setattr("guard.sources.files.lock", lambda connection, readable: None)
    assert ask(open_source(str(tmp_path / "t.csv")), sql) == [{"content": "CANARY"}]


def test_without_the_check_duckdb_runs_what_is_no_select(tmp_path, monkeypatch):
    """DuckDB's own parser is the fence around an in-memory database, which has no read-only mode."""
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(SourceError):
        ask(open_source(str(tmp_path / "t.csv")), "DELETE FROM t")
    monkeypatch.setattr(duckdb_engine.DuckDBEngine, "_select", lambda engine, connection, sql: sql)
    assert ask(open_source(str(tmp_path / "t.csv")), "DELETE FROM t") == [{"Count": 1}]


def test_without_the_rollback_a_setting_stays(postgres_people, monkeypatch):
    """The rolled-back transaction is the fence around the session."""
    change = EnforcedQuery(sql="SELECT set_config('TimeZone', 'Asia/Shanghai', false)", dialect="postgres")
    look = "SELECT current_setting('TimeZone') AS zone"
    source = open_source(postgres_people)
    source.run(change, limits=LIMITS)
    assert ask(source, look) == [{"zone": "UTC"}]
    monkeypatch.setattr(postgres_exchange, "END", b"COMMIT")
    source = open_source(postgres_people)
    source.run(change, limits=LIMITS)
    assert ask(source, look) == [{"zone": "Asia/Shanghai"}]


def test_without_read_only_a_function_writes(postgres_people, monkeypatch):
    """The READ ONLY transaction is the fence around functions."""
    with psycopg.connect(postgres_people, autocommit=True) as owner:
        owner.execute("CREATE FUNCTION sneak() RETURNS int LANGUAGE sql AS 'DELETE FROM people RETURNING 1'")
    with pytest.raises(SourceError):
        ask(open_source(postgres_people), "SELECT sneak() AS x")
    monkeypatch.setattr(postgres_session, "BEGIN", "BEGIN READ WRITE")
    assert ask(open_source(postgres_people), "SELECT sneak() AS x") == [{"x": 1}]


def test_without_its_order_a_sample_follows_the_table(postgres_people, monkeypatch):
    """The seeded order is what makes the sample depend on the seed."""
    source = open_source(postgres_people)
    table = next(iter(source.tables(["people"])))
    samples = [source.sample(table, rows=9, seed=seed, limits=LIMITS) for seed in (1, 2)]
    assert not samples[0].equals(samples[1])
    monkeypatch.setattr(
        postgres_sample, "_shuffled", lambda table, inner, key, rows, seed: f"{inner} ORDER BY ctid LIMIT {rows}"
    )
    samples = [source.sample(table, rows=9, seed=seed, limits=LIMITS).select(["id"]) for seed in (1, 2)]
    assert samples[0].equals(samples[1])
    source.close()
