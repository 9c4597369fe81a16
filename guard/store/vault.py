"""Tokens of the vault: a random token, how its value is found again (a keyed hash), and the sealed value.

No column holds a value: the hash and the seal are under keys that the store does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from guard.store import schema
from guard.store.clock import moment

if TYPE_CHECKING:
    from guard.store.store import Store

AT_ONCE = 500  # rows of one statement: SQLite binds at most 32,766 values, old ones 999
T = TypeVar("T")


class VaultRepository:
    """Keeps tokens; the first token of a value is its token for ever."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, domain: str, rows: Sequence[tuple[str, str, str]]) -> dict[str, str]:
        """Lookup to token for all (lookup, token, sealed); what is there already keeps its token. Durable on return.

        Raises:
            StoreError: the store cannot be read or written.
        """
        table, found = schema.vault, {}
        with self._store.write() as connection:
            made = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            now = moment(self._store.clock)
            for part in _parts(rows, AT_ONCE // 5):
                values = [
                    {"domain": domain, "lookup": lookup, "token": token, "sealed": sealed, "kept": now}
                    for lookup, token, sealed in part
                ]
                connection.execute(
                    made(table).values(values).on_conflict_do_nothing(index_elements=["domain", "lookup"])
                )
                lookups = [lookup for lookup, _, _ in part]
                known = select(table.c.lookup, table.c.token).where(
                    table.c.domain == domain, table.c.lookup.in_(lookups)
                )
                found.update({row.lookup: row.token for row in connection.execute(known)})
        return found

    def sealed(self, domain: str, tokens: Sequence[str]) -> dict[str, str]:
        """Token to sealed value, for the tokens that are known.

        Raises:
            StoreError: the store cannot be read.
        """
        table, found = schema.vault, {}
        with self._store.read() as connection:
            for part in _parts(tokens, AT_ONCE):
                known = select(table.c.token, table.c.sealed).where(table.c.domain == domain, table.c.token.in_(part))
                found.update({row.token: row.sealed for row in connection.execute(known)})
        return found


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
