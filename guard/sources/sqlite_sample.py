"""A bounded sample of a SQLite table: by random points in the rowid, or by a reservoir over its beginning.

Never a sort, because SQLite has no estimate to warn of one, and a full read of a large table only when asked for.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from guard.model import Table
from guard.sources.names import quoted, quoted_table

CELL_CAP = 4096  # characters or bytes of one cell
READ_ALL_ROWS = 100_000  # up to here every rowid is looked at
RESERVOIR_ROWS = 20_000  # rows looked at where there is no rowid, at least
RESERVOIR_FACTOR = 20  # and this many times the sample
CHUNK = 500  # bound values of one statement
ROWID_NAMES = ("_rowid_", "rowid", "oid")


def rows_of(
    connection: sqlite3.Connection, table: Table, rowid: str | None, *, rows: int, seed: int, whole: bool = False
) -> list[tuple[Any, ...]]:
    """At most `rows` rows; `rowid` is how this table calls its row number, None where it has none.

    Random points in the rowid favour rows after a gap; with `whole` every row has the same chance.
    """
    target = quoted_table(table.name, "sqlite")
    cells = ", ".join(_capped(quoted(column.name, "sqlite")) for column in table.columns)
    chance = random.Random(seed)  # noqa: S311 - a repeatable choice, not a secret
    if rowid is None:
        cap = -1 if whole else max(RESERVOIR_ROWS, RESERVOIR_FACTOR * rows)
        return _reservoir(connection.execute(f"SELECT {cells} FROM {target} LIMIT ?", (cap,)), rows, chance)
    if whole:
        every = connection.execute(f"SELECT {rowid} FROM {target} ORDER BY {rowid}")
        chosen = sorted(row[0] for row in _reservoir(every, rows, chance))
    else:
        chosen = _rowids(connection, target, rowid, rows, chance)
    return list(_fetch(connection, f"SELECT {cells} FROM {target} WHERE {rowid} IN", chosen))


def rowid_name(table: Table, *, has_rowid: bool) -> str | None:
    """The first name of the row number that no column hides."""
    taken = {column.name.lower() for column in table.columns}
    return next((name for name in ROWID_NAMES if name not in taken), None) if has_rowid else None


def _rowids(connection: sqlite3.Connection, target: str, rowid: str, rows: int, chance: random.Random) -> list[int]:
    ids = [
        row[0]
        for row in connection.execute(f"SELECT {rowid} FROM {target} ORDER BY {rowid} LIMIT ?", (READ_ALL_ROWS + 1,))
    ]
    if len(ids) <= READ_ALL_ROWS:
        return sorted(chance.sample(ids, min(rows, len(ids))))
    low = ids[0]
    high = connection.execute(f"SELECT max({rowid}) FROM {target}").fetchone()[0]
    found: set[int] = set()
    for _ in range(2 * rows):  # gaps make two points meet in one row
        if len(found) == rows:
            break
        point = chance.randint(low, high)
        query = f"SELECT {rowid} FROM {target} WHERE {rowid} >= ? ORDER BY {rowid} LIMIT 1"
        found.add(connection.execute(query, (point,)).fetchone()[0])
    return sorted(found)


def _fetch(connection: sqlite3.Connection, start: str, ids: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    for at in range(0, len(ids), CHUNK):
        chunk = ids[at : at + CHUNK]
        yield from connection.execute(f"{start} ({', '.join('?' * len(chunk))})", chunk)


def _reservoir(cursor: sqlite3.Cursor, rows: int, chance: random.Random) -> list[tuple[Any, ...]]:
    """Algorithm R: every row of the cursor has the same chance."""
    kept: list[tuple[Any, ...]] = []
    for number, row in enumerate(cursor):
        if number < rows:
            kept.append(row)
        elif (place := chance.randrange(number + 1)) < rows:
            kept[place] = row
    return kept


def _capped(name: str) -> str:
    return f"CASE WHEN typeof({name}) IN ('text', 'blob') THEN substr({name}, 1, {CELL_CAP}) ELSE {name} END AS {name}"
