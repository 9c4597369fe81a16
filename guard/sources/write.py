"""The port of a source that may be written to: one proven statement, in a transaction of its own.

Sources are opened read-only. A write opens a connection of its own for one statement and closes it, so that no reader
ever holds one that could write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from guard.model import EnforcedQuery, Value
from guard.sources.source import Limits

if TYPE_CHECKING:
    import pyarrow as pa


class Written(Value, frozen=True):
    """How many rows a write met, None where the engine does not say (CREATE TABLE AS), and what RETURNING gave."""

    rows: int | None
    table: pa.Table | None = None


@runtime_checkable
class Writable(Protocol):
    """A source with writes."""

    def write(self, query: EnforcedQuery, *, limits: Limits) -> Written:
        """Runs one enforced write and commits it; on any failure nothing of it stays.

        Raises:
            SourceError: the engine refused it; the message never holds the engine's text, which may print cells.
        """
