"""A small database and an open guard for the tests of the engine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from guard.demo.data import card_number, resident_id
from guard.engine import Guard, open_guard
from guard.model import Subject

ROWS = 40
CANARY = "金丝雀七三一九"  # planted in a name; must never leave but in an answer


@dataclass
class World:
    """An open guard over one scanned database."""

    guard: Guard
    source: str
    folder: Path

    def ask(self, sql: str, role: str = "call_center", purpose: str = "service", **attributes: tuple[str, ...]):  # type: ignore[no-untyped-def] # pyarrow has no types
        """The answer to `sql` as a list of rows."""
        subject = Subject(id=f"{role}-1", roles=(role,), attributes=attributes or {"districts": ("浦东新区",)})
        return self.guard.query(sql, subject=subject, purpose=purpose, source=self.source)


def phone(number: int) -> str:
    """The mobile number of resident `number`, spread as real ones are."""
    prefix = ("138", "139", "158", "187")[number % 4]
    return f"{prefix}{number * 7_368_787 % 10**8:08d}"


def write_crm(path: Path) -> None:
    """Forty residents of two districts, with calls."""
    from datetime import date

    districts = ("浦东新区", "徐汇区")
    residents = [
        (
            number,
            CANARY if number == 7 else f"王小{'明芳伟娜'[number % 4]}",
            resident_id("310115", date(1980, 1, 1 + number % 28), number + 1),
            phone(number),
            districts[number % 2],
            card_number("621700", number * 7919),
        )
        for number in range(ROWS)
    ]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TABLE residents"
            " (id INTEGER PRIMARY KEY, xm TEXT, sfzh TEXT, phone TEXT, district TEXT, card_no TEXT)"
        )
        connection.executemany("INSERT INTO residents VALUES (?, ?, ?, ?, ?, ?)", residents)
        connection.execute("CREATE TABLE calls (id INTEGER PRIMARY KEY, phone TEXT, district TEXT, minutes INTEGER)")
        connection.executemany(
            "INSERT INTO calls VALUES (?, ?, ?, ?)", [(row[0], row[3], row[4], row[0] % 9) for row in residents]
        )
        connection.commit()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A scanned SQLite database and its guard."""
    path = tmp_path / "crm.db"
    write_crm(path)
    with open_guard(folder=tmp_path, operator="tester") as guard:
        source = f"sqlite:///{path}"
        guard.scan(source)
        yield World(guard, source, tmp_path)
