"""The largest checkpoint ever acknowledged, kept apart from the log so that a log set back to an older copy is noticed.

Two slots are written in turn, so that a torn write spoils at most one. The file is written in place after each
commit and not waited for: after a power cut it may lag behind the journal, never run ahead of it. Keep it on another
disk to notice one who sets back the whole folder; a witness, or a checkpoint kept elsewhere, does the same.
"""

from __future__ import annotations

import os
from pathlib import Path

from guard.audit import checkpoint
from guard.audit.disk import Disk
from guard.errors import IntegrityError
from guard.model import Checkpoint

SLOT = 2048  # bytes
NAME = "seen"


def read(path: Path) -> Checkpoint | None:
    """The larger checkpoint of the two slots, unverified; None when there is no such file.

    Raises:
        IntegrityError: the file is there, but no slot holds a checkpoint.
    """
    try:
        with path.open("rb") as file:
            data = file.read(2 * SLOT)
    except FileNotFoundError:
        return None
    found = []
    for slot in (data[:SLOT], data[SLOT:]):
        try:
            found.append(checkpoint.parse(slot.rstrip(b"\0").decode()))
        except (IntegrityError, UnicodeDecodeError):
            continue
    if not found:
        raise IntegrityError(
            f"`{path.name}` holds no checkpoint, so a log set back to an older copy would not be noticed",
            help="restore the file, or compare the log with a checkpoint kept elsewhere before you remove it",
        )
    return max(found, key=lambda head: head.size)


class Seen:
    """The writer's side; OWNED BY: the log's writer thread."""

    def __init__(self, path: Path, head: Checkpoint, disk: Disk) -> None:
        self._disk = disk
        self._turn = 0
        slot = _slot(head)
        disk.put(path, slot + slot)
        disk.sync_folder(path.parent)
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)

    def record(self, head: Checkpoint) -> None:
        """Notes a checkpoint that is durable in the journal."""
        self._disk.overwrite(self._fd, _slot(head), self._turn * SLOT)
        self._turn = 1 - self._turn

    def close(self) -> None:
        """Closes the file; what was recorded stays."""
        os.close(self._fd)


def _slot(head: Checkpoint) -> bytes:
    return checkpoint.text(head).encode().ljust(SLOT, b"\0")
