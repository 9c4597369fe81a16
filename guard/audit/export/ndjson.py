"""Records as lines of a file, each durable before the cursor moves; a line that a crash cut short is ended first."""

from __future__ import annotations

import os
from pathlib import Path

from guard.errors import AuditError


class NdjsonSink:
    """Appends to one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
            size = os.fstat(self._fd).st_size
            torn = size > 0 and os.pread(self._fd, 1, size - 1) != b"\n"
        except OSError as error:
            raise AuditError(f"export file `{path}` cannot be opened: {error.strerror}") from None
        if torn:
            self.send(b"")

    def send(self, data: bytes) -> None:
        """Appends one line.

        Raises:
            AuditError: it cannot be written.
        """
        view = memoryview(data + b"\n")
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as error:
            raise AuditError(f"export file `{self._path}` cannot be written: {error.strerror}") from None

    def flush(self) -> None:
        """Waits for the disk.

        Raises:
            AuditError: it did not take the lines.
        """
        try:
            os.fsync(self._fd)
        except OSError as error:
            raise AuditError(f"export file `{self._path}` cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Closes the file."""
        os.close(self._fd)
