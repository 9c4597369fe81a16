"""The writer thread: group commit.

It takes every ticket that has gathered, writes entries and signed checkpoint as one journal record, syncs once, and
only then answers all of them; the next callers gather meanwhile.

A caller who finds the thread asleep hashes and signs by himself before he wakes it: the thread then has only the disk
to wait for, and does not compete with him for the interpreter while he goes on. One who is about to leave the
interpreter, since an engine works for him, has the thread do that too, and the encoding of his entry.
"""

from __future__ import annotations

import threading
from _thread import allocate_lock
from collections import deque

from guard.audit import journal, keys, tile
from guard.audit.background import Background, Durable
from guard.audit.seen import Seen
from guard.audit.segment import Segment
from guard.audit.ticket import Ticket
from guard.audit.tree import Frontier, leaf_hash
from guard.errors import AuditError
from guard.model import Checkpoint

MAX_WAITING = 65_536  # entries not yet taken by the writer; a caller beyond them waits
MAX_BATCH = 8_192  # entries of one commit
MAX_BATCH_BYTES = 8 * 1024 * 1024


class Writer:
    """Makes tickets durable, in the order of `put`.

    `gate` is the lock under which a caller gives its entries their order; `put` is called while it is held.
    """

    def __init__(
        self, signer: keys.Signer, segment: Segment, frontier: Frontier, head: Checkpoint, seen: Seen, after: Background
    ) -> None:
        # OWNED BY: the thread; while it is asleep, whoever holds `gate`
        self._signer = signer
        self._segment = segment
        self._frontier = frontier
        self._seen = seen
        self._after = after
        self._taken: list[Ticket] = []
        self._staged: Durable | None = None  # what `_taken` will be once it is written
        self._grown = frontier  # the tree with it
        self.checkpoint = head  # written by the thread, read by anyone
        self.gate = threading.Lock()
        self._room = threading.Condition(self.gate)
        self._wake = allocate_lock()  # held while the thread has something to do
        self._wake.acquire()
        # OWNED BY: whoever holds `gate`
        self._queue: deque[Ticket] = deque()
        self._waiting = 0
        self._asleep = False
        self._closing = False
        self._ended: AuditError | None = None
        self._thread = threading.Thread(target=self._run, name="guard-audit", daemon=True)
        self._thread.start()

    def wait_for_room(self, entries: int) -> None:
        """Returns when so many more entries may wait; back-pressure, never loss. Called with `gate` held.

        Raises:
            AuditError: the log is closed or broken.
        """
        while self._waiting and self._waiting + entries > MAX_WAITING and self._ended is None:
            self._room.wait()
        if self._ended is not None or self._closing:
            raise self._copy(self._ended or AuditError("audit log is closed"))

    def put(self, ticket: Ticket) -> None:
        """Queues a ticket. Called with `gate` held, after `wait_for_room`."""
        self._queue.append(ticket)
        self._waiting += len(ticket)
        if not self._asleep:
            return
        if ticket.later is not None:
            self._rouse()
            return
        try:
            self._gather()
            self._stage()
        finally:  # also after Ctrl-C: the thread then does what is not done
            self._rouse()

    def close(self) -> None:
        """Commits what was handed over, and ends."""
        with self.gate:
            self._closing = True
            self._rouse()
        self._thread.join()

    def _rouse(self) -> None:
        if self._asleep:
            self._asleep = False
            self._wake.release()

    @staticmethod
    def _copy(error: AuditError) -> AuditError:
        """A fresh exception, since a shared one would gather the tracebacks of all who raise it."""
        return AuditError(error.message, help=error.help)

    # --- the thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        ended = AuditError("audit log is closed")
        try:
            while self._take():
                self._commit()
        except OSError as error:
            ended = AuditError(
                f"audit log cannot be written: {error.strerror}",
                help="nothing acknowledged is lost; make room or repair the disk, then open the log again",
            )
        except AuditError as error:  # from the publisher
            ended = error
        finally:
            self._end(ended)

    def _take(self) -> bool:
        """Waits for work and takes what fits into one commit; False when the log closes and nothing is left."""
        while True:
            with self.gate:
                self._asleep = not self._queue and not self._closing
                asleep = self._asleep
            if asleep:
                self._wake.acquire()
            with self.gate:
                if not self._taken:
                    self._gather()
                if self._taken or (self._closing and not self._queue):
                    return bool(self._taken)

    def _gather(self) -> None:
        """Takes what fits into one commit. Called with `gate` held."""
        count = size = 0
        while self._queue and count < MAX_BATCH and size < MAX_BATCH_BYTES:
            ticket = self._queue.popleft()
            self._taken.append(ticket)
            count += len(ticket)
            if ticket.encode():
                size += ticket.size
            else:
                self._taken.pop()
        self._waiting -= count
        self._room.notify_all()

    def _stage(self) -> None:
        """Hashes and signs what was taken. Nothing is changed by it that a second time would not make the same."""
        entries = [data for ticket in self._taken for data in ticket.entries]
        leaves = [leaf_hash(data) for data in entries]
        self._grown, roots = self._frontier.grow(leaves, tile.HEIGHT)
        head = keys.sign(self._signer, self._grown.size, self._grown.root)
        self._staged = Durable(entries, leaves, roots, head)

    def _commit(self) -> None:
        """One record, one write, one sync; then, and only then, the callers."""
        if self._staged is None:
            self._stage()
        staged, self._staged = self._staged, None
        assert staged is not None
        first = self._frontier.size
        if staged.entries:
            self._segment.rotate_if_full(self._frontier, self.checkpoint)
            packed = tile.pack_bundle(staged.entries)
            self._segment.commit(journal.Batch(first, len(staged.entries), packed, staged.head))
            # INVARIANT: from here on the entries are durable, and not before; a failed sync never comes here.
            self._frontier = self._grown
            self.checkpoint = staged.head
            self._seen.record(staged.head)
        taken, self._taken = self._taken, []
        for ticket in taken:
            ticket.settle(first)
            first += len(ticket.entries)
        if staged.entries:
            self._after.offer(staged)

    def _end(self, reason: AuditError) -> None:
        """Refuses everything from now on, and answers everyone who still waits."""
        with self.gate:
            self._ended = reason
            waiting = [*self._taken, *self._queue]
            self._taken, self._queue = [], deque()
            self._room.notify_all()
        for ticket in waiting:
            ticket.fail(reason)
