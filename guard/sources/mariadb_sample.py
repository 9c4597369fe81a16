"""The SELECT of a sample: bounded, repeatable for a seed, with wide cells cut by the server.

MariaDB has no sample of pages. A large table with a whole-number key is read at random places of that key; any other
large table, and a view, by the beginning.
"""

from __future__ import annotations

import random

from guard.model import Column, Table
from guard.sources.names import quoted, quoted_table

CELL_CAP = 4096  # characters or bytes of one cell
READ_ALL_BYTES = 16 << 20  # a table up to this size is read to its end
PLACES = 64  # of a large table
OVERSAMPLE = 4  # so that neighbours do not make the sample
HEAD_FACTOR = 20  # rows of a view looked at, as a multiple of the sample
HEAD_ROWS = 20_000  # and at least so many
MAX_SEED = 2**31 - 1


def from_all(table: Table, key: tuple[str, ...], *, rows: int, seed: int) -> str:
    """Random rows of all."""
    return _shuffled(table, quoted_table(table.name, "mysql"), key, rows, seed)


def from_head(table: Table, key: tuple[str, ...], *, rows: int, seed: int) -> str:
    """Random rows of the beginning."""
    cap = max(HEAD_ROWS, HEAD_FACTOR * rows)
    return _shuffled(table, f"(SELECT * FROM {quoted_table(table.name, 'mysql')} LIMIT {cap})", key, rows, seed)


def from_places(table: Table, key: str, bounds: tuple[int, int], *, rows: int, seed: int) -> str:
    """Random rows out of stretches that begin at random values of the key."""
    chosen, each = random.Random(seed), max(OVERSAMPLE * rows // PLACES, 1)  # noqa: S311 - a sample, not a secret
    places = sorted({chosen.randint(*bounds) for _ in range(PLACES)})
    name, source = quoted(key, "mysql"), quoted_table(table.name, "mysql")
    parts = (f"(SELECT * FROM {source} WHERE {name} >= {at} ORDER BY {name} LIMIT {each})" for at in places)
    return _shuffled(table, f"({' UNION '.join(parts)})", (key,), rows, seed)


def bounds_of(table: Table, key: str) -> str:
    """The least and the greatest key: two looks into the index."""
    name = quoted(key, "mysql")
    return f"SELECT MIN({name}), MAX({name}) FROM {quoted_table(table.name, 'mysql')}"


def _shuffled(table: Table, source: str, key: tuple[str, ...], rows: int, seed: int) -> str:
    cells = ", ".join(_capped(column) for column in table.columns)
    marks = ", ".join(f"LEFT({quoted(name, 'mysql')}, 256)" for name in key or [each.name for each in table.columns])
    order = f"MD5(CONCAT_WS('/', {seed % MAX_SEED}, {marks}))"
    return f"SELECT {cells} FROM {source} AS guard_s ORDER BY {order} LIMIT {int(rows)}"


def _capped(column: Column) -> str:
    name = quoted(column.name, "mysql")
    kind = column.type.lower().split("(")[0]
    if kind.endswith(("text", "blob", "char", "binary", "json")):
        return f"LEFT({name}, {CELL_CAP}) AS {name}"
    return name
