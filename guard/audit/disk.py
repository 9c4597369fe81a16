"""The file operations that the log's promise rests on, behind a Protocol so that tests can make each of them fail."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

_fdatasync = getattr(os, "fdatasync", os.fsync)


class Disk(Protocol):
    """Raises OSError as the operating system does; a caller never retries a `sync` that failed."""

    def reopen(self, path: Path) -> int:
        """A descriptor that writes into an existing file."""

    def allocate(self, fd: int, start: int, size: int) -> None:
        """Gives the file `size` zero bytes of room from `start`, its end: a write there need not lengthen it."""

    def write(self, fd: int, data: bytes, offset: int) -> None:
        """Writes all of `data` at `offset`."""

    def truncate(self, fd: int, size: int) -> None:
        """Cuts the file off."""

    def sync(self, fd: int) -> None:
        """Returns when the file's data and size are durable."""

    def put(self, path: Path, data: bytes) -> None:
        """Makes `path` hold exactly `data`, durably and atomically: a reader sees the old file or the new one."""

    def sync_folder(self, path: Path) -> None:
        """Returns when the names in the folder are durable."""

    def overwrite(self, fd: int, data: bytes, offset: int) -> None:
        """Writes in place, without waiting for the disk."""


class PosixDisk:
    """The operating system's files."""

    def reopen(self, path: Path) -> int:
        return os.open(path, os.O_WRONLY | os.O_CLOEXEC)

    def allocate(self, fd: int, start: int, size: int) -> None:
        # Written, not reserved: the first write to reserved room changes the file's map, and its sync waits for that.
        self.write(fd, bytes(size), start)
        os.fsync(fd)

    def write(self, fd: int, data: bytes, offset: int) -> None:
        view = memoryview(data)
        while view:
            written = os.pwrite(fd, view, offset)
            view, offset = view[written:], offset + written

    def truncate(self, fd: int, size: int) -> None:
        os.ftruncate(fd, size)

    def sync(self, fd: int) -> None:
        _fdatasync(fd)

    def put(self, path: Path, data: bytes) -> None:
        temporary = path.with_name(f".{path.name}.new")
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
        try:
            self.write(fd, data, 0)
            os.fsync(fd)
        finally:
            os.close(fd)
        temporary.replace(path)

    def sync_folder(self, path: Path) -> None:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def overwrite(self, fd: int, data: bytes, offset: int) -> None:
        os.pwrite(fd, data, offset)
