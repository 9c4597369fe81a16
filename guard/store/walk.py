"""A walk over the column graph in the store, up or down, now or at a past moment: the edges nearest to a field first.

Level by level, since a recursive query answers every way to a field and not every field: on a dense graph or a cycle it
would not end. Each level is asked in chunks; the walk ends at a depth, or with an error beyond a number of edges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import bindparam, text

from guard.errors import UsageError
from guard.store.names import CHUNK

if TYPE_CHECKING:
    from sqlalchemy import Connection

Direction = Literal["upstream", "downstream"]

MAX_EDGES = 100_000  # edges of one answer
MAX_FIELDS = 1_000_000  # fields that are passed on the way
EDGE = "sd.namespace, sd.name, sf.path, td.namespace, td.name, tf.path, e.type, e.subtype, e.masking"
ENDS = """
    JOIN field sf ON sf.id = e.source_id JOIN dataset sd ON sd.id = sf.dataset_id
    JOIN field tf ON tf.id = e.target_id JOIN dataset td ON td.id = tf.dataset_id
"""
_KNOWN = """ AND EXISTS (SELECT 1 FROM edge_set_edge x JOIN edge_set s ON s.digest = x.digest
                        WHERE x.edge_id = e.id AND s.kept <= :time)"""
# Backwards an edge leads to a field when it ends in it, or in the `*` of its dataset.
_INTO = """
    FROM field f
    JOIN field t ON t.dataset_id = f.dataset_id AND t.path IN (f.path, '*')
    JOIN edge e ON e.target_id = t.id
"""
_EDGES: dict[Direction, str] = {
    "upstream": f"SELECT DISTINCT {EDGE}, e.id {_INTO} {ENDS} WHERE f.id IN :fields",
    "downstream": f"SELECT {EDGE}, e.id FROM edge e {ENDS} WHERE e.source_id IN :fields",
}
# Forwards, whoever reaches the `*` of a dataset reaches all its fields.
_FIELDS: dict[Direction, str] = {
    "upstream": f"SELECT DISTINCT e.source_id {_INTO} WHERE f.id IN :fields",
    "downstream": """
        SELECT DISTINCT s.id FROM edge e
        JOIN field t ON t.id = e.target_id
        JOIN field s ON s.dataset_id = t.dataset_id AND (t.path = '*' OR s.path = t.path)
        WHERE e.source_id IN :fields""",
}


def walk(
    connection: Connection, start: int, direction: Direction, *, depth: int, time: str | None
) -> dict[int, tuple[Any, int]]:
    """The edges by number: the row (`EDGE`, then its number) and how far it is.

    Raises:
        UsageError: there are more than `MAX_EDGES`, or they pass more than `MAX_FIELDS`.
    """
    found: dict[int, tuple[Any, int]] = {}
    seen = {start}
    frontier = [start]
    for level in range(1, depth + 1):
        for row in _ask(connection, _EDGES[direction], frontier, time, limit=MAX_EDGES + 1):
            found.setdefault(row[-1], (row, level))
            if len(found) > MAX_EDGES:
                raise _too_many(f"{MAX_EDGES} edges", level)
        following = {row[0] for row in _ask(connection, _FIELDS[direction], frontier, time, limit=MAX_FIELDS + 1)}
        frontier = sorted(following - seen)
        seen |= following
        if len(seen) > MAX_FIELDS:
            raise _too_many(f"{MAX_FIELDS} fields", level)
        if not frontier:
            break
    return found


def _ask(connection: Connection, sql: str, fields: Sequence[int], time: str | None, *, limit: int) -> Iterator[Any]:
    statement = text(sql + (_KNOWN if time is not None else "") + " LIMIT :limit").bindparams(
        bindparam("fields", expanding=True)
    )
    bound: dict[str, Any] = {"limit": limit} if time is None else {"limit": limit, "time": time}
    for at in range(0, len(fields), CHUNK):
        yield from connection.execute(statement, bound | {"fields": list(fields[at : at + CHUNK])})


def _too_many(what: str, level: int) -> UsageError:
    return UsageError(
        f"more than {what} are within {level} steps of the field",
        help=f"ask for fewer steps than {level}, or about a field that is less used",
    )
