"""The journal file that is being written.

It is given room ahead of what it holds: a sync then waits for the bytes alone, not for the file's new length, and a
full disk shows before a commit is half written. The room is zeros, which no reader takes for a record, and is cut
off when the file is full or closed; after a crash it stays, as a torn tail would, until the log is opened again.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from guard.audit import journal, reader
from guard.audit.disk import Disk
from guard.audit.tree import Frontier
from guard.model import Checkpoint

SEGMENT_SIZE = 16 * 1024 * 1024  # bytes; what opening the log reads
ROOM = 1024 * 1024  # bytes given at once


class Segment:
    """Adds batches, and begins the next file when this one is full; OWNED BY: the log's writer thread."""

    def __init__(self, path: Path, size: int, disk: Disk) -> None:
        self._folder = path.parent
        self._disk = disk
        self._fd = disk.reopen(path)
        self._size = self._end = size  # bytes of records; with the room behind them
        self._sound = True  # False from the beginning of a write until it is durable

    def commit(self, batch: journal.Batch) -> None:
        """Returns when the batch is durable.

        Raises:
            OSError: it may or may not be; this segment must not be written again before it was recovered.
        """
        record = journal.batch_record(batch)
        if self._size + len(record) > self._end:
            with suppress(OSError):  # on a disk that is nearly full the record may still fit
                self._disk.allocate(self._fd, self._end, len(record) + ROOM)
            self._end += len(record) + ROOM
        self._sound = False
        self._disk.write(self._fd, record, self._size)
        self._disk.sync(self._fd)
        self._sound = True
        self._size += len(record)

    def rotate_if_full(self, frontier: Frontier, head: Checkpoint) -> None:
        """Goes on in a new file when this one has reached `SEGMENT_SIZE`."""
        if self._size < SEGMENT_SIZE:
            return
        # INVARIANT: a file with room behind its records is the last one; readers take it for damage anywhere else.
        self._disk.truncate(self._fd, self._size)
        self._disk.sync(self._fd)
        path, size = begin(self._folder.parent, frontier, head, self._disk)
        full, self._fd, self._size = self._fd, self._disk.reopen(path), size
        self._end = size
        os.close(full)

    def close(self) -> None:
        """Lets the file go; what was committed is durable already."""
        if self._sound:
            with suppress(OSError):  # the room is no more than waste
                self._disk.truncate(self._fd, self._size)
        os.close(self._fd)


def begin(folder: Path, frontier: Frontier, head: Checkpoint, disk: Disk) -> tuple[Path, int]:
    """Makes the segment that begins behind `frontier`, durably; its path and length in bytes."""
    path = folder / reader.JOURNAL / journal.segment_name(frontier.size)
    data = journal.head_record(journal.Head(frontier, head))
    disk.put(path, data)
    disk.sync_folder(path.parent)
    return path, len(data)
