"""What the last scan of each table left for the next one: the mark of its data, its labels, and what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, select

from guard.errors import StoreError
from guard.model import Dataset, FieldLabel, Value
from guard.store import schema
from guard.store.clock import moment
from guard.store.names import Names

if TYPE_CHECKING:
    from guard.store.store import Store

_labels = msgspec.json.Decoder(tuple[FieldLabel, ...])


class Left(Value, frozen=True):
    """What a scan left of a table.

    `mark` shows that the data is as it was; `judged` that it was judged as it would be now; `memory` is what
    `guard.classify.memory` packed.
    """

    mark: str
    judged: str
    labels: tuple[FieldLabel, ...]
    memory: bytes


class Known(Value, frozen=True):
    """What stands in the store, undecoded: a scan needs the labels only of the tables that did not change."""

    mark: str
    judged: str
    body: str

    @property
    def labels(self) -> tuple[FieldLabel, ...]:
        """The labels.

        Raises:
            StoreError: the row is damaged.
        """
        try:
            return _labels.decode(self.body)
        except msgspec.DecodeError:
            raise StoreError("what a scan left of a table cannot be read", help="scan again with `--full`") from None


class MemoryRepository:
    """Keeps one row a table."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._names = Names()

    def known(self, namespace: str) -> dict[Dataset, Known]:
        """What scans left of the tables of a source, without what they saw."""
        columns = schema.table_memory.c
        statement = (
            select(schema.dataset.c.name, columns.mark, columns.judged, columns.labels)
            .select_from(schema.table_memory.join(schema.dataset))
            .where(schema.dataset.c.namespace == namespace)
        )
        with self._store.read() as connection:
            return {Dataset(namespace, name): Known(*rest) for name, *rest in connection.execute(statement)}

    def memory(self, dataset: Dataset) -> bytes | None:
        """What was seen of a table, packed; None when nothing is remembered."""
        statement = (
            select(schema.table_memory.c.memory)
            .select_from(schema.table_memory.join(schema.dataset))
            .where(schema.dataset.c.namespace == dataset.namespace, schema.dataset.c.name == dataset.name)
        )
        with self._store.read() as connection:
            found: bytes | None = connection.execute(statement).scalar()
        return found

    def write(self, connection: Connection, dataset: Dataset, left: Left) -> None:
        """Keeps what was left of a table, in a transaction of the caller."""
        number = self._names.datasets(connection, [dataset])[dataset]
        table = schema.table_memory
        connection.execute(table.delete().where(table.c.dataset_id == number))
        connection.execute(
            table.insert().values(
                dataset_id=number,
                mark=left.mark,
                judged=left.judged,
                labels=msgspec.json.encode(left.labels).decode(),
                memory=left.memory,
                kept=moment(self._store.clock),
            )
        )
