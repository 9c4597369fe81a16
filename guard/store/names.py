"""Numbers for names: a dataset and a field are stored once and never removed, so a number may be remembered."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from guard.model import Dataset, FieldRef
from guard.store import schema

CHUNK = 400  # bound values of one look-up
REMEMBERED = 200_000


class Names:
    """Gives datasets and fields their numbers, many at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._datasets: dict[tuple[str, str], int] = {}  # OWNED BY: _lock
        self._fields: dict[tuple[int, str], int] = {}  # OWNED BY: _lock

    def datasets(self, connection: Connection, wanted: Iterable[Dataset]) -> dict[Dataset, int]:
        """The number of each dataset, new ones included."""
        keys = {one: (one.namespace, one.name) for one in wanted}
        columns = (schema.dataset.c.namespace, schema.dataset.c.name)
        numbers = self._numbers(connection, schema.dataset, columns, list(keys.values()), self._datasets)
        return {one: numbers[key] for one, key in keys.items()}

    def fields(self, connection: Connection, wanted: Iterable[FieldRef]) -> dict[FieldRef, int]:
        """The number of each field, new ones included."""
        refs = set(wanted)
        datasets = self.datasets(connection, {ref.dataset for ref in refs})
        keys = {ref: (datasets[ref.dataset], ref.path) for ref in refs}
        columns = (schema.field.c.dataset_id, schema.field.c.path)
        numbers = self._numbers(connection, schema.field, columns, list(keys.values()), self._fields)
        return {ref: numbers[key] for ref, key in keys.items()}

    def _numbers(
        self,
        connection: Connection,
        table: Table,
        columns: Sequence[Any],
        keys: Sequence[tuple[Any, Any]],
        remembered: dict[Any, int],
    ) -> Mapping[Any, int]:
        found = {key: number for key in keys if (number := remembered.get(key)) is not None}
        missing = sorted(set(keys) - found.keys())
        if missing:
            stored = _look_up(connection, table, columns, missing)
            new = [key for key in missing if key not in stored]
            # INVARIANT: only numbers that were stored before this transaction are remembered; a new one could still
            # be rolled back.
            self._remember(remembered, stored)
            found |= stored
            if new:
                rows = [{columns[0].name: first, columns[1].name: second} for first, second in new]
                insert_new(connection, table, rows)
                found |= _look_up(connection, table, columns, new)
        return found

    def _remember(self, remembered: dict[Any, int], more: Mapping[Any, int]) -> None:
        with self._lock:
            if len(remembered) + len(more) > REMEMBERED:
                remembered.clear()
            remembered.update(more)


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts the rows that do not break a unique constraint; the others are there already."""
    if not rows:
        return
    insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(table).on_conflict_do_nothing(), list(rows))


def _look_up(
    connection: Connection, table: Table, columns: Sequence[Any], keys: Sequence[tuple[Any, Any]]
) -> dict[Any, int]:
    """The numbers of the keys that are stored, asked for by their first part: SQLite has no index look-up for pairs."""
    first, second = columns
    statement = select(second, table.c.id).where(
        first == bindparam("first"), second.in_(bindparam("rest", expanding=True))
    )
    groups: dict[Any, list[Any]] = {}
    for head, rest in keys:
        groups.setdefault(head, []).append(rest)
    found: dict[Any, int] = {}
    for head, rests in groups.items():
        for at in range(0, len(rests), CHUNK):
            for rest, number in connection.execute(statement, {"first": head, "rest": rests[at : at + CHUNK]}):
                found[head, rest] = number
    return found
