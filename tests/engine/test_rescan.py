"""A scan after a scan: what did not change is not read, what changed is, and a kill loses no finished table."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import msgspec
import pytest

from guard.classify import Classifier
from guard.engine import open_guard
from guard.sources import marks
from guard.sources.sqlite import SQLiteFile
from tests.engine.conftest import ROWS, write_crm

RULES = Path(__file__).resolve().parents[2] / "rules"


@pytest.fixture(autouse=True)
def files_that_are_old_enough(monkeypatch):
    """Tests write and read at once; tests/sources/test_marks.py holds what a young file is."""
    monkeypatch.setattr(marks, "RACY_NS", -(10**18))


@pytest.fixture
def city(tmp_path):
    """A database, and the source that names it."""
    write_crm(tmp_path / "crm.db")
    return f"sqlite:///{tmp_path / 'crm.db'}"


def scan(folder, source, **options):
    settings = options.pop("settings", None)
    with open_guard(folder=folder, operator="tester", settings=settings) as guard:
        return guard.scan(source, **options)


def told(report):
    """What is known of the fields, whatever the rules' version."""
    return [msgspec.structs.replace(field, rules_version="") for field in report.fields]


def test_what_did_not_change_is_not_read(tmp_path, city):
    """Not one cell, and the report says the same; `full` reads all of it again."""
    first = scan(tmp_path, city)
    again = scan(tmp_path, city)
    assert first.cells_read == ROWS * 10
    assert (again.cells_read, again.unchanged) == (0, len(first.fields))
    assert again.fields == first.fields
    full = scan(tmp_path, city, full=True)
    assert (full.cells_read, full.unchanged, full.fields) == (first.cells_read, 0, first.fields)


@pytest.mark.parametrize("options", [{"sample": 7}, {"seed": 3}])
def test_another_question_is_asked_of_the_data(tmp_path, city, options):
    """Another sample or seed would see other rows."""
    scan(tmp_path, city)
    assert scan(tmp_path, city, **options).unchanged == 0


def test_a_table_that_changed_is_read(tmp_path, city):
    """And its new verdict replaces the old one."""
    scan(tmp_path, city)
    with closing(sqlite3.connect(tmp_path / "crm.db")) as connection:
        connection.execute("UPDATE calls SET district = 'x' || id || '@example.com'")
        connection.commit()
    report = scan(tmp_path, city)
    assert report.cells_read > 0
    assert {f.field.path: f.label.kind for f in report.sensitive if f.field.dataset.name == "calls"} == {
        "phone": "cn.mobile",
        "district": "intl.email",
    }


def test_only_the_postgres_table_that_changed_is_read(tmp_path, postgres):
    """PostgreSQL counts for each table; a column that was added is the only one read."""
    import psycopg

    url = postgres.create_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE a AS SELECT 'u' || n || '@example.com' AS mail FROM generate_series(1, 50) n")
        connection.execute("CREATE TABLE b AS SELECT '1380013' || (1000 + n) AS tel FROM generate_series(1, 50) n")
        connection.execute("SELECT pg_stat_force_next_flush()")
        connection.execute("SELECT 1")
        assert scan(tmp_path, url).cells_read == 100
        assert scan(tmp_path, url).cells_read == 0
        connection.execute("UPDATE b SET tel = 'nothing'")
        connection.execute("SELECT pg_stat_force_next_flush()")
        connection.execute("SELECT 1")
        changed = scan(tmp_path, url)
        assert (changed.cells_read, changed.unchanged) == (50, 1)
        connection.execute("ALTER TABLE a ADD COLUMN card text")
        connection.execute("COMMENT ON COLUMN a.card IS '身份证号'")
        widened = scan(tmp_path, url)
        assert (widened.cells_read, widened.unchanged) == (50, 2)
        assert [field.field.path for field in widened.fields] == ["mail", "card", "tel"]


def test_changed_rules_weigh_what_was_seen_without_reading(tmp_path, city, monkeypatch):
    """The labels are those of a fresh look under the new rules, and the source is not asked for a row."""
    rules = tmp_path / "rules"
    shutil.copytree(RULES, rules)
    settings = {"rules": str(rules)}
    before = scan(tmp_path, city, settings=settings)
    levels = rules / "taxonomy" / "contact.yaml"
    levels.write_text(levels.read_text().replace("level: 3", "level: 5"))
    names = rules / "names" / "person.yaml"
    names.write_text(
        names.read_text().replace("person.occupation:\n  strong: [", "person.occupation:\n  strong: [district, ")
    )
    with monkeypatch.context() as patched:
        patched.setattr(SQLiteFile, "sample", lambda *_, **__: pytest.fail("the data was read"))
        weighed = scan(tmp_path, city, settings=settings)
    assert (weighed.cells_read, weighed.unchanged) == (0, len(before.fields))
    assert told(weighed) != told(before)
    assert weighed.fields == scan(tmp_path, city, settings=settings, full=True).fields
    assert {field.rules_version for field in weighed.fields} == {Classifier.load(rules).version}


def test_how_many_tables_are_read_at_once_changes_nothing(tmp_path):
    """The report has the order of the source."""
    with duckdb.connect(str(tmp_path / "many.duckdb")) as connection:
        for number in range(12):
            connection.execute(f"CREATE TABLE t{number} AS SELECT 'a' || range || '@example.com' AS m FROM range(60)")
    reports = [
        scan(tmp_path / str(threads), f"duckdb:///{tmp_path / 'many.duckdb'}", settings={"scan": {"threads": threads}})
        for threads in (1, 5)
        if (tmp_path / str(threads)).mkdir() is None
    ]
    assert reports[0].fields == reports[1].fields
    assert reports[0].tables == reports[1].tables


KILLED = """
import os, signal, sys
from guard.engine import open_guard
from guard.sources.duckdb import DuckDBFile

real = DuckDBFile.sample
def sample(self, table, **options):
    if table.name.name == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, table, **options)
DuckDBFile.sample = sample
with open_guard(folder=sys.argv[1], operator="tester", settings={"scan": {"threads": 1}}) as guard:
    guard.scan(f"duckdb:///{sys.argv[1]}/many.duckdb")
"""


def test_a_scan_that_was_killed_goes_on(tmp_path, monkeypatch):
    """Tables that were finished before `kill -9` are not read again, under the id of the scan that was killed."""
    with duckdb.connect(str(tmp_path / "many.duckdb")) as connection:
        for number in range(4):
            connection.execute(f"CREATE TABLE t{number} AS SELECT 'a' || range || '@example.com' AS m FROM range(60)")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), "t3"], check=False, env=dict(os.environ))
    assert killed.returncode == -signal.SIGKILL
    with open_guard(folder=tmp_path, operator="tester") as guard:
        open_scans = guard.store.scans.open_scans()
        report = guard.scan(f"duckdb:///{tmp_path / 'many.duckdb'}")
    assert [record.tables for record in open_scans] == [3]
    assert report.id == open_scans[0].id
    assert report.cells_read == 60
    assert len(report.sensitive) == 4
