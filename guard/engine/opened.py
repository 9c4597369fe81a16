"""A source that is open, with the catalogue and the labels that guard knows for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from guard.model import Dataset, FieldLabel, TableName
from guard.sql.catalogue import Catalogue

if TYPE_CHECKING:
    from guard.sources.source import Source

LabelReader = Callable[[Dataset], tuple[FieldLabel, ...]]


class OpenSource:
    """Holds one snapshot of names and labels, and takes another when the source or the labels changed.

    A table that was swapped behind guard's back has another identity; labels given to the old one do not
    count for it, so its columns are unclassified until it is scanned again.
    """

    def __init__(self, source: Source, read_labels: LabelReader) -> None:
        self.source = source
        self._read_labels = read_labels
        self._lock = threading.Lock()
        self._epoch = 0  # OWNED BY: _lock; grows with each snapshot
        self._seen = ""
        self._catalogue: Catalogue | None = None
        self._labels: Mapping[tuple[TableName, str], FieldLabel] = {}

    def snapshot(self) -> tuple[Catalogue, Mapping[tuple[TableName, str], FieldLabel], int]:
        """The current catalogue, its labels, and a number that changes whenever either does.

        Raises:
            SourceError: the source cannot tell its schema.
        """
        version = self.source.version()
        with self._lock:
            if self._catalogue is None or version != self._seen:
                self._load(version)
            assert self._catalogue is not None
            return self._catalogue, self._labels, self._epoch

    def forget(self) -> None:
        """Makes the next snapshot read the schema and the labels anew; called after a scan or a relabelling."""
        with self._lock:
            self._catalogue = None

    def _load(self, version: str) -> None:
        tables = self.source.tables()
        self._catalogue = Catalogue(
            tables,
            dialect=self.source.dialect,
            default_schema=self.source.default_schema,
            catalog=self.source.catalog,
            version=version,
        )
        self._labels = {
            (table.name, label.field.path): label
            for table in tables
            for label in self._read_labels(table.dataset)
            if not label.identity or label.identity == table.identity
        }
        self._seen = version
        self._epoch += 1
