"""Events as lines of a file (NDJSON), each durable before `emit` returns."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

from guard.errors import StoreError, UsageError


class FileSink:
    """Appends to one file; several threads and processes may share it.

    A line that a crash cut short is ended before the next event, so it spoils no other.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = threading.Lock()  # flock holds off other processes, this other threads
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise StoreError(f"lineage file `{path}` cannot be opened: {error.strerror}") from None

    def emit(self, event: bytes) -> None:
        """Appends the event and waits for the disk.

        Raises:
            UsageError: the event is not one line.
            StoreError: it could not be written, or the sink is closed.
        """
        if b"\n" in event or not event:
            raise UsageError("a lineage event is one line of JSON")
        with self._mutex:
            if self._fd < 0:
                raise StoreError(f"lineage file `{self._path}` is closed")
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX)
                try:
                    self._append(event)
                finally:
                    fcntl.flock(self._fd, fcntl.LOCK_UN)
            except OSError as error:
                raise StoreError(f"lineage file `{self._path}` cannot be written: {error.strerror}") from None

    def _append(self, event: bytes) -> None:
        size = os.fstat(self._fd).st_size
        torn = size > 0 and os.pread(self._fd, 1, size - 1) != b"\n"
        view = memoryview(b"\n" * torn + event + b"\n")
        while view:
            view = view[os.write(self._fd, view) :]
        os.fsync(self._fd)

    def close(self) -> None:
        """Closes the file."""
        with self._mutex:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
