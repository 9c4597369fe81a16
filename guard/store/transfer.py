"""The whole store from one kind of database into another: every table, as it is at one moment, compared afterwards.

`copy_out` writes a store that others use into a SQLite file; `load` fills an empty store from such a file. Both sides
have the newest schema, since opening a store migrates it, so the tables are those of `schema.metadata` and no list is
kept here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, cast, delete, func, insert, select
from sqlalchemy.dialects.postgresql import REGCLASS

from guard.errors import IntegrityError, StoreError, UsageError
from guard.store.schema import metadata
from guard.store.store import Store

ROWS = 1000  # moved at once

Contents = dict[str, tuple[int, str]]  # table -> rows, and the SHA-256 over them in the order of their keys


def copy_out(store: Store, target: Path) -> Contents:
    """Writes the SQLite file, which must not exist; others may go on writing to the store.

    Raises:
        StoreError: the store cannot be read, or the file not written.
        IntegrityError: what was written is not what was read.
    """
    if target.exists():
        raise StoreError(f"`{target.name}` exists already")
    with Store.open(target) as copy:
        with store.snapshot() as reading, copy.write() as writing:
            found = _copy(reading, writing)
        with copy.read() as written:
            _compare(found, contents(written))
    return found


def load(source: Path, store: Store) -> Contents:
    """Fills the store from a SQLite file, all or nothing; one that holds just that already is left as it is.

    Raises:
        UsageError: the store holds something else.
        IntegrityError: what was written is not what was read.
        StoreError: the file cannot be read, or the store not written.
    """
    with Store.open(source) as file, file.read() as reading, store.write() as writing:
        wanted = contents(reading)
        there = contents(writing)
        if there == wanted:
            return wanted
        if there != _new():
            raise UsageError(
                f"the store `{store.where}` is not empty",
                help="name an empty database; a restore never mixes two states",
            )
        _copy(reading, writing)
        _go_on_numbering(writing)
        _compare(wanted, contents(writing))  # inside the transaction: what differs never was
    return wanted


def _new() -> Contents:
    """What a store holds that nobody used yet."""
    with (
        tempfile.TemporaryDirectory(prefix="guard-store-") as folder,
        Store.open(Path(folder) / "new.db") as store,
        store.read() as reading,
    ):
        return contents(reading)


def contents(connection: Connection) -> Contents:
    """Rows and digest of every table."""
    found: Contents = {}
    for table in metadata.sorted_tables:
        digest, rows = sha256(), 0
        for row in _rows(connection, table):
            digest.update(msgspec.msgpack.encode(tuple(row)))
            rows += 1
        found[table.name] = rows, digest.hexdigest()
    return found


def _copy(reading: Connection, writing: Connection) -> Contents:
    found: Contents = {}
    for table in reversed(metadata.sorted_tables):
        writing.execute(delete(table))  # what a migration puts into a new store
    for table in metadata.sorted_tables:  # those that are referred to come first
        digest, rows = sha256(), 0
        left = _rows(reading, table)
        while part := list(islice(left, ROWS)):
            values = [dict(zip(table.columns.keys(), row, strict=True)) for row in part]
            writing.execute(insert(table), values)
            for row in part:
                digest.update(msgspec.msgpack.encode(tuple(row)))
            rows += len(part)
        found[table.name] = rows, digest.hexdigest()
    return found


def _rows(connection: Connection, table: Table) -> Iterator[Any]:
    """All rows by primary key; text keys are compared by their bytes, which both databases order alike."""
    keys = [_by_bytes(connection, column) for column in table.primary_key.columns]
    asked = select(table).order_by(*keys).execution_options(yield_per=ROWS)
    return iter(connection.execute(asked))


def _by_bytes(connection: Connection, column: Any) -> Any:
    return column.collate("C") if connection.dialect.name == "postgresql" and _is_text(column) else column


def _is_text(column: Any) -> bool:
    return column.type.python_type is str


def _go_on_numbering(connection: Connection) -> None:
    """PostgreSQL counts on from the largest number that came in."""
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        for column in table.primary_key.columns:
            name = connection.execute(select(func.pg_get_serial_sequence(table.name, column.name))).scalar()
            if name:
                largest = connection.execute(select(func.max(column))).scalar()
                if largest is not None:
                    connection.execute(select(func.setval(cast(name, REGCLASS), largest)))


def _compare(wanted: Contents, found: Contents) -> None:
    for name, expected in wanted.items():
        if found.get(name) != expected:
            raise IntegrityError(f"table `{name}` of the store was not copied as it is", help="try again")
