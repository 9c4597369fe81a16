"""The thread that publishes, so that nobody who waits for durability waits for tiles."""

from __future__ import annotations

import threading
from _thread import allocate_lock
from time import monotonic

from guard.audit.publish import Publisher
from guard.errors import AuditError
from guard.model import Checkpoint, Value

PUBLISH_ENTRIES = 4_096  # publish as soon as so many gathered
PUBLISH_SECONDS = 1.0  # ... or so long after the first of them
MAX_BEHIND = 16 * PUBLISH_ENTRIES  # entries; beyond them the writer waits for the publisher


class Durable(Value, frozen=True):
    """What one commit made durable: entries, their leaf hashes, the roots of the tiles they complete, the new head."""

    entries: list[bytes]
    leaves: list[bytes]
    roots: list[bytes]
    head: Checkpoint


class Background:
    """Feeds a `Publisher` from its own thread."""

    def __init__(self, publisher: Publisher, head: Checkpoint) -> None:
        self._publisher = publisher  # OWNED BY: the thread
        self._mutex = threading.Lock()
        self._changed = threading.Condition(self._mutex)  # something was published, or never will be
        self._wake = allocate_lock()  # held while there is no reason to look
        self._wake.acquire()
        # OWNED BY: whoever holds `_mutex`
        self._work: list[Durable] = []
        self._behind = 0
        self._asked = 0  # a size that somebody waits for
        self._published = head.size
        self._closing = False
        self._error: AuditError | None = None
        self._thread = threading.Thread(target=self._run, name="guard-audit-publish", daemon=True)
        self._thread.start()

    def offer(self, commit: Durable) -> None:
        """Hands over a commit; waits only when the publisher is far behind.

        Raises:
            AuditError: publishing failed; the entries are safe in the journal.
        """
        with self._mutex:
            while self._behind > MAX_BEHIND and self._error is None:
                self._changed.wait()
            self._refuse()
            first = not self._work
            before = self._behind
            self._work.append(commit)
            self._behind += len(commit.entries)
            if first or before < PUBLISH_ENTRIES <= self._behind:
                self._nudge()

    def flush(self, size: int) -> None:
        """Returns when at least `size` entries are published.

        Raises:
            AuditError: publishing failed.
        """
        with self._mutex:
            self._asked = max(self._asked, size)
            self._nudge()
            while self._published < size:
                self._refuse()
                self._changed.wait()

    def close(self) -> None:
        """Publishes what was handed over, and ends."""
        with self._mutex:
            self._closing = True
            self._nudge()
        self._thread.join()

    def _refuse(self) -> None:
        if self._error is not None:
            raise AuditError(self._error.message, help=self._error.help)

    def _nudge(self) -> None:
        if self._wake.locked():
            self._wake.release()

    def _run(self) -> None:
        ended = AuditError("the audit log's publisher has ended")
        try:
            while self._pause():
                self._publish()
        except OSError as error:
            ended = AuditError(
                f"the audit log's tiles cannot be written: {error.strerror}",
                help="nothing acknowledged is lost; make room or repair the disk, then open the log again",
            )
        finally:
            with self._mutex:
                self._error = ended
                self._changed.notify_all()

    def _pause(self) -> bool:
        """Waits until there is reason to publish; False when all is done and the log closes."""
        due: float | None = None
        while True:
            with self._mutex:
                if self._closing and not self._work:
                    return False
                if self._closing or self._behind >= PUBLISH_ENTRIES or (self._work and self._asked > self._published):
                    return True
                if self._work and due is None:
                    due = monotonic() + PUBLISH_SECONDS
            if due is None:
                self._wake.acquire()
            elif due <= monotonic() or not self._wake.acquire(timeout=due - monotonic()):
                return True

    def _publish(self) -> None:
        with self._mutex:
            work, self._work = self._work, []
        for commit in work:
            self._publisher.add(commit.entries, commit.leaves, commit.roots)
        if work:
            self._publisher.publish(work[-1].head)
        with self._mutex:
            self._behind -= sum(len(commit.entries) for commit in work)
            self._published = self._publisher.published
            self._changed.notify_all()
