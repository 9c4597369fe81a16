"""The port of every lineage sink."""

from __future__ import annotations

from typing import Protocol


class LineageSink(Protocol):
    """Takes OpenLineage events: one JSON object each, UTF-8, without a line break."""

    def emit(self, event: bytes) -> None:
        """Takes an event; never waits for a network.

        Raises:
            GuardError: the event is not taken.
        """

    def close(self) -> None:
        """Lets go of files and threads; safe to call twice. What was taken is not lost."""
