"""A whole store moves between SQLite and PostgreSQL: every table, at one moment, compared, all or nothing."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from guard.errors import IntegrityError, UsageError
from guard.store import schema, transfer
from guard.store.store import Store

MOMENT = "2026-01-31T09:30:00.000000Z"


def value_of(column, number: int):
    """A value of the column's kind that differs from row to row."""
    kind = column.type.python_type
    if column.foreign_keys:
        return number if kind is int else f"{next(iter(column.foreign_keys)).column.name}-{number}"
    if kind is bytes:
        return bytes([number, 0, 255])
    if kind is str:
        return f"{column.name}-{number}"[: column.type.length or 99]
    return {int: number, float: number + 1 / 3, bool: number % 2 == 0}[kind]


def fill(store: Store, rows: int = 3) -> None:
    """Rows in every table of the schema, whatever tables there are."""
    with store.write() as connection:
        for table in reversed(schema.metadata.sorted_tables):
            connection.execute(table.delete())
        for table in schema.metadata.sorted_tables:
            for number in range(1, rows + 1):
                connection.execute(insert(table), {column.name: value_of(column, number) for column in table.columns})


def held(store: Store) -> transfer.Contents:
    """What is in the store."""
    with store.read() as connection:
        return transfer.contents(connection)


def test_every_table_goes_out_and_comes_in(store, where, tmp_path, request):
    """From either kind of database into a file, and from there into both kinds; nothing is lost on the way."""
    fill(store)
    found = transfer.copy_out(store, tmp_path / "copy.db")
    assert found == held(store)
    assert {name: rows for name, (rows, _) in found.items()} == dict.fromkeys(schema.metadata.tables, 3)
    for target in (tmp_path / "new" / "guard.db", request.getfixturevalue("postgres").create_database()):
        with Store.open(target) as restored:
            assert transfer.load(tmp_path / "copy.db", restored) == found
            assert held(restored) == found
            assert transfer.load(tmp_path / "copy.db", restored) == found  # again, as after a crash
            with restored.write() as connection:  # numbers go on where they were
                made = connection.execute(insert(schema.dataset), {"namespace": "n", "name": "d"})
                assert made.inserted_primary_key == (4,)


def test_a_store_that_holds_something_else_is_not_overwritten(store, tmp_path):
    """Two states never mix."""
    with Store.open(tmp_path / "from" / "guard.db") as source:
        fill(source)
        transfer.copy_out(source, tmp_path / "copy.db")
    with store.write() as connection:
        connection.execute(insert(schema.dataset), {"namespace": "n", "name": "d"})
    before = held(store)
    with pytest.raises(UsageError, match="is not empty"):
        transfer.load(tmp_path / "copy.db", store)
    assert held(store) == before


def test_a_copy_is_of_one_moment(store, tmp_path, monkeypatch):
    """Somebody writes to two tables at once while the copy is between them: it has both rows, or neither."""
    fill(store)
    rows, changed = transfer._rows, threading.Event()

    def slow(connection, table):
        if table.name == "reidentified" and not changed.is_set():
            changed.set()
            with store.write() as writing:
                writing.execute(insert(schema.dataset), {"id": 99, "namespace": "late", "name": "late"})
                writing.execute(update(schema.projection), {"position": 99})
        return rows(connection, table)

    monkeypatch.setattr(transfer, "_rows", slow)
    found = transfer.copy_out(store, tmp_path / "copy.db")
    with Store.open(tmp_path / "copy.db") as copy, copy.read() as reading:
        positions = {row.position for row in reading.execute(schema.projection.select())}
    assert (changed.is_set(), found["dataset"][0], 99 in positions) == (True, 3, False)


def test_a_copy_that_differs_is_refused_and_rolled_back(store, tmp_path, monkeypatch):
    """Seeded fault: a row that changes on the way is noticed, and the target stays as it was."""
    with Store.open(tmp_path / "from" / "guard.db") as source:
        fill(source)
        transfer.copy_out(source, tmp_path / "copy.db")
    before = held(store)
    copy = transfer._copy

    def careless(reading, writing):
        found = copy(reading, writing)
        writing.execute(update(schema.budget_row), {"digest": "0" * 64})
        return found

    monkeypatch.setattr(transfer, "_copy", careless)
    with pytest.raises(IntegrityError, match="table `budget_row` of the store was not copied as it is"):
        transfer.load(tmp_path / "copy.db", store)
    assert held(store) == before


def test_a_file_that_is_there_is_not_overwritten(store, tmp_path):
    """The copy is a new file."""
    shutil.copy(Path(__file__), tmp_path / "copy.db")
    with pytest.raises(Exception, match="exists already"):
        transfer.copy_out(store, tmp_path / "copy.db")
