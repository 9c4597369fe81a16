"""The journal file that is being written."""

from __future__ import annotations

import os
from pathlib import Path

from guard.audit import journal, reader
from guard.audit.disk import Disk
from guard.audit.tree import Frontier
from guard.model import Checkpoint

SEGMENT_SIZE = 16 * 1024 * 1024  # bytes; what opening the log reads


class Segment:
    """Appends batches, and begins the next file when this one is full; OWNED BY: the log's writer thread."""

    def __init__(self, path: Path, size: int, disk: Disk) -> None:
        self._folder = path.parent
        self._disk = disk
        self._fd = disk.reopen(path)
        self._size = size

    def commit(self, batch: journal.Batch) -> None:
        """Returns when the batch is durable.

        Raises:
            OSError: it may or may not be; this segment must not be written again before it was recovered.
        """
        record = journal.batch_record(batch)
        self._disk.append(self._fd, record)
        self._disk.sync(self._fd)
        self._size += len(record)

    def rotate_if_full(self, frontier: Frontier, head: Checkpoint) -> None:
        """Goes on in a new file when this one has reached `SEGMENT_SIZE`."""
        if self._size < SEGMENT_SIZE:
            return
        path, size = begin(self._folder.parent, frontier, head, self._disk)
        full, self._fd, self._size = self._fd, self._disk.reopen(path), size
        os.close(full)

    def close(self) -> None:
        """Lets the file go; what was committed is durable already."""
        os.close(self._fd)


def begin(folder: Path, frontier: Frontier, head: Checkpoint, disk: Disk) -> tuple[Path, int]:
    """Makes the segment that begins behind `frontier`, durably; its path and length in bytes."""
    path = folder / reader.JOURNAL / journal.segment_name(frontier.size)
    data = journal.head_record(journal.Head(frontier, head))
    disk.put(path, data)
    disk.sync_folder(path.parent)
    return path, len(data)
