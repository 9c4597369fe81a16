"""What a caller waits on: entries handed over, and the answer that comes back."""

from __future__ import annotations

from _thread import allocate_lock

from guard.audit import entry as canonical
from guard.errors import AuditError
from guard.model import Entry


class Ticket:
    """One call's entries. A bare lock carries the answer, which is several times cheaper than a condition.

    INVARIANT: it is settled exactly once, by the writer, after the entries are durable or can no longer become so.
    """

    __slots__ = ("_answered", "_error", "_first", "entries", "later", "size")

    def __init__(self, entries: list[bytes], later: Entry | None = None) -> None:
        self.entries = entries
        self.later = later  # an entry that the writer encodes
        self.size = sum(map(len, entries))  # bytes
        self._answered = allocate_lock()
        self._answered.acquire()
        self._first = -1
        self._error: AuditError | None = None

    def __len__(self) -> int:
        return 1 if self.later is not None else len(self.entries)

    def encode(self) -> bool:
        """Encodes what was left to the writer; False when it cannot be logged, and the caller was told so."""
        if self.later is None:
            return True
        try:
            self.entries = [canonical.encode(self.later)]
        except AuditError as error:
            self.fail(error)
            return False
        self.later = None
        self.size = len(self.entries[0])
        return True

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
