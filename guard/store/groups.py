"""Which groups were answered under a minimum group, so that no other answer stands beside one with a few rows less.

Nothing here is a value: a scope is a keyed hash of subject, purpose and tables, a question one of what chose the rows,
and a size is a number of rows that was answered or lies behind an answer, never below the minimum group.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from guard.model import Value
from guard.store import schema
from guard.store.clock import written
from guard.store.names import insert_new

if TYPE_CHECKING:
    from guard.store.store import Store

MAX_GROUPS = 50_000  # in one scope; then no other group is answered there


class Group(Value, frozen=True):
    """One group: `apart` says which columns have one value in it; `plain` that nothing else chose its rows."""

    question: str
    size: int
    apart: Mapping[str, str]
    plain: bool = False


class GroupRepository:
    """Keeps groups, unless one stands too near to another."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, found: Mapping[str, Sequence[Group]], *, size: int, now: datetime) -> str:
        """Keeps all groups, by scope, and returns "", or keeps none and returns why: `near` or `full`.

        Two groups are near when they could differ by fewer than `size` rows: their sizes do, no column has one value in
        each and another one in the other, and they are not two plain groups of which each asks for the value of a
        column that the other leaves open. A group that was answered before with as many rows is not near.

        Raises:
            StoreError: the store cannot be read or written.
        """
        table = schema.answered_group
        with self._store.write() as connection:
            for scope, groups in found.items():
                why = self._trouble(connection, scope, groups, size)
                if why:
                    return why
            rows = [
                {
                    "scope": scope,
                    "question": group.question,
                    "size": group.size,
                    "apart": json.dumps(dict(group.apart), sort_keys=True),
                    "plain": group.plain,
                    "answered": written(now),
                }
                for scope, groups in found.items()
                for group in groups
            ]
            insert_new(connection, table, rows)
        return ""

    def _trouble(self, connection: Connection, scope: str, groups: Sequence[Group], size: int) -> str:
        table = schema.answered_group
        held = connection.execute(select(func.count()).where(table.c.scope == scope)).scalar() or 0
        for group in groups:
            again = (table.c.scope == scope, table.c.question == group.question, table.c.size == group.size)
            held += connection.execute(select(table.c.size).where(*again)).first() is None
            if held > MAX_GROUPS:
                return "full"
            near = select(table.c.question, table.c.size, table.c.apart, table.c.plain).where(
                table.c.scope == scope, table.c.size > group.size - size, table.c.size < group.size + size
            )
            for question, rows, apart, plain in connection.execute(near):
                if are_near(group, Group(question, rows, json.loads(apart), plain)):
                    return "near"
        return ""


def are_near(one: Group, other: Group) -> bool:
    """Whether two groups, whose sizes are close, may hold the same rows but for a few."""
    if one.question == other.question and one.size == other.size:
        return False
    crossing = (
        one.plain and other.plain and one.apart.keys() - other.apart.keys() and other.apart.keys() - one.apart.keys()
    )
    return not crossing and not any(other.apart.get(column, value) != value for column, value in one.apart.items())
