"""A copy of a log as it stood at one published checkpoint, while the writer goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from guard.audit import checkpoint, entry, journal, reader, seen, tile
from guard.audit.disk import PosixDisk
from guard.audit.tile import WIDTH
from guard.errors import AuditError, IntegrityError
from guard.model import Checkpoint

ERASURE = b'"kind":"erasure"'


def snapshot(folder: Path, target: Path) -> Checkpoint:
    """Copies what the published checkpoint covers: journal, tiles, bundles, and the checkpoint as last acknowledged.

    `target` must not exist. The copy is a log of its own that verifies with the same key.

    Raises:
        AuditError: nothing is published yet, or a file cannot be read or written.
        IntegrityError: the journal does not hold the checkpoint.
    """
    head = reader.published(folder)
    if head is None:
        raise AuditError("the audit log has no checkpoint yet", help="ask again when something was recorded")
    try:
        (target / reader.JOURNAL).mkdir(parents=True)
        _copy_journal(folder, target, head)
        for name, data in _files(folder, head.size):
            _write(target / name, data)
        note = checkpoint.text(head).encode()
        _write(target / reader.CHECKPOINT, note)
        _write(target / seen.NAME, note.ljust(seen.SLOT, b"\0") * 2)
        if reader.minimum(folder):
            _write(target / reader.MINIMUM, f"{reader.minimum(folder)}\n".encode())
        witnessed = reader.witnessed(folder)
        if witnessed is not None and witnessed.size <= head.size:
            _write(target / reader.WITNESSED, checkpoint.text(witnessed).encode())
    except OSError as error:
        raise AuditError(f"the audit log cannot be copied: {error.strerror}") from None
    return head


def erased(folder: Path) -> Iterator[str]:
    """The pseudonyms whose erasure the log records."""
    for batch in reader.batches(folder):
        if ERASURE not in batch.packed:
            continue
        for data in batch.entries():
            found = entry.decode(data) if ERASURE in data else None
            if found is not None and found.kind == "erasure" and isinstance(found.body.get("subject"), str):
                yield found.body["subject"]


def _copy_journal(folder: Path, target: Path, head: Checkpoint) -> None:
    reached = -1
    for first, path in reader.segments(folder):
        if first > head.size or (first == head.size and reached >= 0):
            break
        data = path.read_bytes()
        end = 0
        for record in journal.records(data):
            size = journal.read_batch(record).size if end else journal.read_head(record).frontier.size
            if size > head.size:
                break
            end, reached = record.end, size
        _write(target / reader.JOURNAL / path.name, data[:end])
    if reached != head.size:
        raise IntegrityError(f"the journal does not hold the published checkpoint of size {head.size}")


def _files(folder: Path, size: int) -> Iterator[tuple[str, bytes]]:
    """Name and content of the tiles and bundles of a log of this size; a wider file gives what a partial one held."""
    level = 0
    while (hashes := size >> (tile.HEIGHT * level)) > 0:
        for number in range((hashes + WIDTH - 1) // WIDTH):
            width = tile.width_at(level, number, size)
            yield tile.tile_path(level, number, width), reader.tile_bytes(folder, level, number, width)
            if level == 0 and number >= reader.minimum(folder) // WIDTH:
                entries = reader.bundle(folder, number, width)
                yield tile.bundle_path(number, width), tile.pack_bundle(entries)
        level += 1


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    PosixDisk().put(path, data)
    path.chmod(0o600)
