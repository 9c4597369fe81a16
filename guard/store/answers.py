"""Noisy answers by the fingerprint of their question: what was paid for once is served again, word for word.

A body holds noisy numbers and group keys that were released, never a true number.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError as Conflict

from guard.errors import StoreError
from guard.store import schema
from guard.store.clock import written

if TYPE_CHECKING:
    from guard.store.store import Store

MAX_BODY = 64 << 20  # characters


class AnswerRepository:
    """Keeps the first answer to a question."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, fingerprint: str) -> str | None:
        """The answer that was kept under `fingerprint`.

        Raises:
            StoreError: the store cannot be read.
        """
        table = schema.private_answer
        with self._store.read() as connection:
            found = connection.execute(select(table.c.body).where(table.c.fingerprint == fingerprint)).scalar()
            return None if found is None else str(found)

    def keep(self, fingerprint: str, body: str, *, now: datetime) -> str:
        """Keeps `body` unless an answer is there already; returns the one that counts. Durable when this returns.

        Raises:
            StoreError: the store cannot be written, or the answer is too large.
        """
        if len(body) > MAX_BODY:
            raise StoreError("an answer is too large to be kept", help="group by fewer keys")
        table = schema.private_answer
        before = self.find(fingerprint)
        if before is not None:
            return before
        try:
            with self._store.write() as connection:
                connection.execute(insert(table).values(fingerprint=fingerprint, body=body, made=written(now)))
        except (Conflict, StoreError):
            # Another process may have been first: then its answer is the one that everybody gets.
            other = self.find(fingerprint)
            if other is None:
                raise
            return other
        return body
