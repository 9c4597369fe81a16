"""Which jobs' answers hold a person: keyed marks of identifiers, never an identifier.

INVARIANT: a job is called indexed for a kind in the transaction that holds all its marks of that kind, so that what a
crash cut off is never taken for "this person is not in it".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from guard.store import schema
from guard.store.names import CHUNK, insert_new

if TYPE_CHECKING:
    from guard.store.store import Store


class SubjectRepository:
    """Adds and finds marks (16 bytes each)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(
        self, job: str, marks: Mapping[str, Set[bytes]], *, others: Mapping[str, Set[bytes]] | None = None
    ) -> None:
        """Keeps all marks of a stored job, by kind of identifier; of the kinds in `others` they are not all."""
        every = {mark for own in (*marks.values(), *(others or {}).values()) for mark in own}
        rows = [{"mark": mark, "job_id": job} for mark in sorted(every)]
        with self._store.write() as connection:
            insert_new(connection, schema.subject_mark, rows)
            told = "\n".join(sorted(marks))
            connection.execute(update(schema.job).where(schema.job.c.id == job).values(indexed=told))

    def jobs(self, marks: Iterable[bytes]) -> frozenset[str]:
        """The jobs in whose answers one of the marks is."""
        wanted = sorted(set(marks))
        found: set[str] = set()
        columns = schema.subject_mark.c
        with self._store.read() as connection:
            for at in range(0, len(wanted), CHUNK):
                statement = select(columns.job_id).where(columns.mark.in_(wanted[at : at + CHUNK]))
                found |= {row[0] for row in connection.execute(statement)}
        return frozenset(found)

    def forget(self, marks: Iterable[bytes]) -> int:
        """Removes marks, when their person is to be forgotten; how many there were."""
        with self._store.write() as connection:
            columns = schema.subject_mark.c
            return sum(
                connection.execute(delete(schema.subject_mark).where(columns.mark == mark)).rowcount
                for mark in sorted(set(marks))
            )
