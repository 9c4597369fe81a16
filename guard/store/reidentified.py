"""How many values each subject turned back for each purpose, and when: what a rate limit survives a restart by.

The subject stands here as the pseudonym of the audit log, values are counted and never kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, text

from guard.store import schema
from guard.store.clock import written

if TYPE_CHECKING:
    from guard.store.store import Store


class ReidentifiedRepository:
    """The ledger of re-identification. Charges of many processes come one after the other."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def charge(
        self, subject: str, purpose: str, values: int, *, limit: int, window: float, now: datetime
    ) -> int | None:
        """Counts `values` if that keeps the subject within `limit` for this purpose in the last `window` seconds.

        Returns how many were counted before; None where it would be too many, and then nothing is counted. Durable when
        this returns.

        Raises:
            StoreError: the store cannot be read or written.
        """
        table = schema.reidentified
        since = written(now - timedelta(seconds=window))
        mine = (table.c.subject == subject, table.c.purpose == purpose)
        with self._store.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE reidentified IN SHARE ROW EXCLUSIVE MODE"))
            # What lies in the future counts too: a clock that was set back gives nobody more.
            counted = select(func.coalesce(func.sum(table.c.counted), 0)).where(*mine, table.c.charged > since)
            before = int(connection.execute(counted).scalar_one())
            if before + values > limit:
                return None
            connection.execute(
                insert(table).values(subject=subject, purpose=purpose, charged=written(now), counted=values)
            )
            return before
