"""Referential consistency through the whole guard: tables, files, engines, runs and hosts join on one pseudonym."""

from __future__ import annotations

import csv
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guard.anonymize.plan import Plan
from guard.engine import Guard, open_guard
from guard.model import Subject
from tests.engine.conftest import phone

RULES = Path(__file__).parents[2] / "rules"
KEK = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
PEOPLE = [(number, phone(number), f"person {number}") for number in range(1, 41)]
CALLS = [(phone(number % 55 + 1), number) for number in range(120)]
ASKING = {"subject": Subject("ana", ("analyst",)), "purpose": "statistics"}
JOIN = "SELECT p.phone AS p, c.phone AS c, c.minutes AS m FROM people p JOIN calls c ON p.phone = c.phone"
READ = {"people": "SELECT phone FROM people", "calls": "SELECT phone FROM calls"}


def plan(purpose: str = "statistics") -> Plan:
    """The phone of every table as a pseudonym of one domain."""
    fields = "  phone: {transform: pseudonym, domain: phone}\n"
    return Plan.parse(f"version: 1\npurpose: {purpose}\nfields:\n{fields}default: keep\n")


@pytest.fixture
def guard(tmp_path: Path) -> Any:
    """A guard whose pack shows phones to an analyst as the same pseudonym."""
    rules = tmp_path / "rules"
    shutil.copytree(RULES, rules)
    masking = rules / "policy/config/masking/data.yaml"
    pseudonym = 'cn.mobile: {transform: "pseudonym", params: {domain: "phone"}, strength: 40}'
    lines = [f"  {pseudonym}" if line.startswith("  cn.mobile:") else line for line in masking.read_text().splitlines()]
    masking.write_text("\n".join(lines) + "\n")
    grants = rules / "policy/config/grants/data.yaml"
    grants.write_text(grants.read_text().replace("    minimum_group: 10\n", ""))
    (tmp_path / "guard.toml").write_text('rules = "rules"\n')
    with open_guard(folder=tmp_path, operator="tester") as opened:
        yield opened


def rows(phone: int, table: list[Any]) -> list[str]:
    """A column of phones."""
    return [row[phone] for row in table]


def tables() -> dict[str, pa.Table]:
    """People and calls as Arrow."""
    return {
        "people": pa.table({"id": rows(0, PEOPLE), "phone": rows(1, PEOPLE), "name": rows(2, PEOPLE)}),
        "calls": pa.table({"phone": rows(0, CALLS), "minutes": rows(1, CALLS)}),
    }


def sqlite_file(path: Path) -> str:
    """The two tables in SQLite."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE people (id INTEGER, phone TEXT, name TEXT)")
        connection.execute("CREATE TABLE calls (phone TEXT, minutes INTEGER)")
        connection.executemany("INSERT INTO people VALUES (?, ?, ?)", PEOPLE)
        connection.executemany("INSERT INTO calls VALUES (?, ?)", CALLS)
        connection.commit()
    return f"sqlite:///{path}"


def duckdb_file(path: Path) -> str:
    """The two tables in DuckDB."""
    with duckdb.connect(str(path)) as connection:
        for name, table in tables().items():
            connection.register("frame", table)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
            connection.unregister("frame")
    return f"duckdb:///{path}"


def postgres_database(url: str) -> str:
    """The two tables in PostgreSQL."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE people (id integer, phone text, name text)")
        connection.execute("CREATE TABLE calls (phone text, minutes integer)")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO people VALUES (%s, %s, %s)", PEOPLE)
            cursor.executemany("INSERT INTO calls VALUES (%s, %s)", CALLS)
    return url


def anonymised(guard: Guard, purpose: str = "statistics") -> dict[str, list[str]]:
    """The pseudonyms of both tables by the Arrow form."""
    return {name: guard.anonymize(table, plan(purpose)).column("phone").to_pylist() for name, table in tables().items()}


@pytest.mark.postgres
def test_every_engine_gives_the_same_pseudonyms_and_the_join_holds(guard: Guard, tmp_path: Path, postgres: Any) -> None:
    """Two tables masked by three databases' own SQL: the tokens of the Arrow form, joined where the phones joined."""
    expected = anonymised(guard)
    joined = sorted((row[1], call[0], call[1]) for row in PEOPLE for call in CALLS if row[1] == call[0])
    token = dict(zip(rows(1, PEOPLE), expected["people"], strict=True))
    for source in (
        sqlite_file(tmp_path / "a.db"),
        duckdb_file(tmp_path / "a.duckdb"),
        postgres_database(postgres.create_database()),
    ):
        guard.scan(source)
        for name, sql in READ.items():
            found = guard.query(sql, source=source, **ASKING).table.column("phone").to_pylist()
            assert sorted(found) == sorted(expected[name])
        both = guard.query(JOIN, source=source, **ASKING).table.to_pylist()
        assert sorted((row["p"], row["c"], row["m"]) for row in both) == sorted(
            (token[left], token[right], minutes) for left, right, minutes in joined
        )


def test_files_another_run_and_another_host_join(guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CSV here, a Parquet file in another process, a table on a host that got the keyring wrapped: equal tokens."""
    expected = anonymised(guard)
    with (tmp_path / "people.csv").open("w", newline="") as handle:
        csv.writer(handle).writerows([("id", "phone", "name"), *PEOPLE])
    guard.anonymize_file(tmp_path / "people.csv", tmp_path / "people.out.csv", plan())
    with (tmp_path / "people.out.csv").open(newline="") as handle:
        assert [row["phone"] for row in csv.DictReader(handle)] == expected["people"]
    monkeypatch.setenv("CARRY", KEK)
    guard.keys.export(tmp_path / "parcel", "env:CARRY")
    guard.close()

    pq.write_table(tables()["calls"], tmp_path / "calls.parquet")
    (tmp_path / "plan.yaml").write_text(plan().to_yaml())
    command = [
        sys.executable,
        "-c",
        "from guard.cli.main import main; main()",
        "anonymize",
        "calls.parquet",
        "out.parquet",
        "--plan",
        "plan.yaml",
    ]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert pq.read_table(tmp_path / "out.parquet").column("phone").to_pylist() == expected["calls"]

    (tmp_path / "host").mkdir()
    with open_guard(folder=tmp_path / "host", operator="other") as other:
        other.keys.adopt(tmp_path / "parcel", "env:CARRY")
        assert anonymised(other) == expected
    with open_guard(folder=tmp_path / "host", operator="other", settings={"state": ".own"}) as stranger:
        assert not set(anonymised(stranger)["people"]) & set(expected["people"]), "another keyring: nothing joins"


def test_another_purpose_joins_with_nothing(guard: Guard) -> None:
    """Pseudonyms of two purposes share no token, and neither order nor frequency is that of the text."""
    one, two = anonymised(guard), anonymised(guard, "marketing")
    assert not {*one["people"], *one["calls"]} & {*two["people"], *two["calls"]}
    assert {token[3:] for token in one["people"]}.isdisjoint(token[3:] for token in two["people"])
    assert len(set(one["people"]) & set(one["calls"])) == len(PEOPLE), "within one purpose all foreign keys join"
