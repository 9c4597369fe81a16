"""A few connections that threads take in turn; a process that was forked starts with none."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from guard.errors import GuardError, SourceError

C = TypeVar("C")

SIZE = 8  # connections a source
WAIT_SECONDS = 30.0


class Pool(Generic[C]):
    """Lends connections last in, first out, so that the warm one is used again.

    After a fork the parent's connections are forgotten without being closed: closing them in the child would end
    the parent's sessions.
    """

    def __init__(self, make: Callable[[], C], close: Callable[[C], object], *, size: int = SIZE) -> None:
        self._make = make
        self._close = close
        self._size = size
        self._orphans: list[C] = []
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._idle: list[C] = []  # OWNED BY: _lock
        self._free = threading.BoundedSemaphore(self._size)
        self._closed = False

    @contextmanager
    def take(self) -> Iterator[Lease[C]]:
        """Lends a connection for the block.

        Raises:
            SourceError: the source is closed, or all connections stayed busy.
        """
        if self._pid != os.getpid():
            self._orphans = [*self._orphans, *self._idle]
            self._reset()
        if not self._free.acquire(timeout=WAIT_SECONDS):
            msg = f"all {self._size} connections of the source are busy"
            raise SourceError(msg, help="run fewer queries at once")
        try:
            lease = Lease(self._borrow())
            try:
                yield lease
            except GuardError:
                raise
            except BaseException:  # also Ctrl-C: whatever state it left the connection in ends with it
                lease.broken = True
                raise
            finally:
                self._give_back(lease)
        finally:
            self._free.release()

    def clear(self) -> None:
        """Closes the idle connections; those on loan are closed when they come back after `close`."""
        with self._lock:
            idle, self._idle = self._idle, []
        if self._pid == os.getpid():
            for connection in idle:
                self._close(connection)

    def close(self) -> None:
        """Closes everything; later loans are refused. Safe to call twice."""
        self._closed = True
        self.clear()

    def _borrow(self) -> C:
        if self._closed:
            raise SourceError("the source is closed", help="open it again")
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._make()

    def _give_back(self, lease: Lease[C]) -> None:
        if lease.broken or self._closed:
            self._close(lease.connection)
            return
        with self._lock:
            self._idle.append(lease.connection)


class Lease(Generic[C]):
    """A connection on loan; `broken` closes it on return."""

    __slots__ = ("broken", "connection")

    def __init__(self, connection: C) -> None:
        self.connection = connection
        self.broken = False
