"""One small register of residents on SQLite and on PostgreSQL, scanned, behind a protected engine."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, create_engine

import guard
from guard.integrations.sqlalchemy import protect

RULES = Path(__file__).resolve().parents[2] / "rules"
TABLE = "CREATE TABLE residents (id INTEGER PRIMARY KEY, xm TEXT, phone TEXT, sfzh TEXT, district TEXT, note TEXT)"
ROWS = [
    (1, "王小明", "13800001234", "310115196509042116", "浦东新区", "100% ok?"),
    (2, "李芳", "13911112345", "310115202011057474", "浦东新区", "50% :x"),
    (3, "陈敏雨", "13722223456", "310115200906293962", "徐汇区", "-"),
]
DOCTOR = guard.Subject("dr-lin", roles=("doctor",), attributes={"districts": ("浦东新区",)})
CLERK = guard.Subject("xiao-zhou", roles=("call_center",), attributes={"districts": ("浦东新区",)})


@dataclass(frozen=True)
class World:
    """A protected engine, an engine around guard, and the guard."""

    engine: Engine
    around: Engine
    guard: guard.Guard
    kind: str


def rules_with_pseudonyms(folder: Path) -> Path:
    """The default pack, but identity numbers are shown as keyed pseudonyms."""
    rules = folder / "rules"
    shutil.copytree(RULES, rules)
    data = rules / "policy" / "config" / "masking" / "data.yaml"
    lines = data.read_text().splitlines()
    mask = '  cn.resident_id: {transform: "pseudonym", params: {domain: "person"}, strength: 40}'
    data.write_text("\n".join(mask if line.startswith("  cn.resident_id:") else line for line in lines) + "\n")
    return rules


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The register on both databases; the tests only read it."""
    tmp_path = tmp_path_factory.mktemp("world")
    kind = request.param
    if kind == "sqlite":
        source = url = f"sqlite:///{tmp_path / 'crm.db'}"
        connection = sqlite3.connect(tmp_path / "crm.db")
        connection.execute(TABLE)
        connection.executemany("INSERT INTO residents VALUES (?, ?, ?, ?, ?, ?)", ROWS)
        connection.commit()
        connection.close()
    else:
        source = request.getfixturevalue("postgres").create_database()
        url = source.replace("postgresql://", "postgresql+psycopg://")
        with psycopg.connect(source, autocommit=True) as server:
            server.execute(TABLE)
            server.cursor().executemany("INSERT INTO residents VALUES (%s, %s, %s, %s, %s, %s)", ROWS)
    settings = {"rules": str(rules_with_pseudonyms(tmp_path))}
    engine, around = create_engine(url), create_engine(url)
    with guard.open(folder=tmp_path, operator="service", settings=settings) as opened:
        opened.scan(source)
        yield World(protect(engine, opened, source), around, opened, kind)
        engine.dispose()
        around.dispose()
