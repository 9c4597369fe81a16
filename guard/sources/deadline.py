"""Interrupts a statement that runs too long, for engines that have no statement timeout of their own.

One daemon thread watches all deadlines of the process: a timer thread a query would cost more than the query.
"""

from __future__ import annotations

import atexit
import heapq
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Deadline:
    """The clock of one statement; `expired` tells afterwards whether it was interrupted."""

    __slots__ = ("_interrupt", "_lock", "expired", "open")

    def __init__(self, interrupt: Callable[[], object]) -> None:
        self._interrupt = interrupt
        self._lock = threading.Lock()
        self.open = True  # OWNED BY: _lock
        self.expired = False

    def fire(self) -> None:
        """Interrupts, unless the statement has ended."""
        # INVARIANT: the interrupt runs under the lock that `end` takes, so it never reaches the connection's next
        # statement.
        with self._lock:
            if self.open:
                self.expired = True
                self._interrupt()

    def end(self) -> None:
        """After this nothing is interrupted."""
        with self._lock:
            self.open = False


class _Watch:
    def __init__(self) -> None:
        self.pid = os.getpid()
        self._due: list[tuple[float, int, Deadline]] = []
        self._numbers = itertools.count()
        self._wake = threading.Condition()
        self._stopped = False  # OWNED BY: _wake
        self._thread = threading.Thread(target=self._run, name="guard-deadlines", daemon=True)
        self._thread.start()
        # A thread that is alive when the interpreter ends keeps extension modules from cleaning up after themselves.
        atexit.register(self.stop)

    def add(self, when: float, deadline: Deadline) -> None:
        with self._wake:
            heapq.heappush(self._due, (when, next(self._numbers), deadline))
            if self._due[0][2] is deadline:
                self._wake.notify()

    def stop(self) -> None:
        """Ends the thread; nothing is interrupted any more."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        if self.pid == os.getpid():
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                if self._stopped:
                    return
                while self._due and not self._due[0][2].open:
                    heapq.heappop(self._due)
                if not self._due:
                    self._wake.wait()
                    continue
                left = self._due[0][0] - time.monotonic()
                if left > 0:
                    self._wake.wait(left)
                    continue
                _, _, deadline = heapq.heappop(self._due)
            deadline.fire()


_watch: _Watch | None = None
_starting = threading.Lock()


def _current() -> _Watch:
    """The watch of this process; a thread does not survive a fork, so a child starts its own."""
    global _watch  # noqa: PLW0603 - one watch a process is the point
    watch = _watch
    if watch is None or watch.pid != os.getpid():
        with _starting:
            if _watch is None or _watch.pid != os.getpid():
                _watch = _Watch()
            watch = _watch
    return watch


@contextmanager
def deadline(seconds: float, interrupt: Callable[[], object]) -> Iterator[Deadline]:
    """Calls `interrupt` once if the block is still running after `seconds`; never after the block."""
    clock = Deadline(interrupt)
    _current().add(time.monotonic() + seconds, clock)
    try:
        yield clock
    finally:
        clock.end()
