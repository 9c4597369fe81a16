"""What a caller waits on: entries handed over, and the answer that comes back."""

from __future__ import annotations

from _thread import allocate_lock

from guard.errors import AuditError


class Ticket:
    """One call's entries. A bare lock carries the answer, which is several times cheaper than a condition.

    INVARIANT: it is settled exactly once, by the writer, after the entries are durable or can no longer become so.
    """

    __slots__ = ("_answered", "_error", "_first", "entries", "size")

    def __init__(self, entries: list[bytes]) -> None:
        self.entries = entries
        self.size = sum(map(len, entries))  # bytes
        self._answered = allocate_lock()
        self._answered.acquire()
        self._first = -1
        self._error: AuditError | None = None

    def settle(self, first: int) -> None:
        """Answers with the index of the first entry."""
        self._first = first
        self._answered.release()

    def fail(self, error: AuditError) -> None:
        """Answers that the entries are not acknowledged."""
        self._error = error
        self._answered.release()

    def wait(self) -> int:
        """The index of the first entry.

        Raises:
            AuditError: the entries are not acknowledged.
        """
        with self._answered:  # let go again: it may be asked twice
            pass
        if self._error is not None:
            raise type(self._error)(self._error.message, help=self._error.help)
        return self._first
