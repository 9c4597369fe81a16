"""Reads a log's folder; needs no lock and no key, and may run beside the writer. Nothing read here is verified."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from guard.audit import checkpoint, entry, journal, tile
from guard.audit.tree import HASH_SIZE
from guard.errors import AuditError, IntegrityError
from guard.model import Checkpoint, Entry

CHECKPOINT = "checkpoint"
WITNESSED = "checkpoint.witnessed"
MINIMUM = "minimum"
JOURNAL = "journal"
READ = 65_536  # bytes of a bundle read at once

_SEGMENT = re.compile(r"[0-9]{20}\.journal")


def published(folder: Path) -> Checkpoint | None:
    """The published checkpoint, up to which tiles and bundles stand; None in a log that never published.

    Raises:
        IntegrityError: the file is not a checkpoint.
    """
    return _note(folder / CHECKPOINT)


def witnessed(folder: Path) -> Checkpoint | None:
    """The last checkpoint that witnesses cosigned, with their signatures; None where none was asked.

    Raises:
        IntegrityError: the file is not a checkpoint.
    """
    return _note(folder / WITNESSED)


def minimum(folder: Path) -> int:
    """The first entry that was not pruned; 0 in a log that holds all.

    Raises:
        IntegrityError: the file holds no index.
    """
    try:
        text = (folder / MINIMUM).read_bytes()[:32]
    except FileNotFoundError:
        return 0
    if not re.fullmatch(rb"(0|[1-9][0-9]{0,18})\n", text):
        raise IntegrityError(f"`{MINIMUM}` holds no index")
    return int(text)


def _note(path: Path) -> Checkpoint | None:
    try:
        with path.open("rb") as file:
            data = file.read(checkpoint.MAX_NOTE + 1)
    except FileNotFoundError:
        return None
    try:
        return checkpoint.parse(data.decode())
    except UnicodeDecodeError:
        raise IntegrityError(f"`{path.name}` is not text") from None


def tile_bytes(folder: Path, level: int, index: int, width: int) -> bytes:
    """The first `width` hashes of a tile, from its full or its partial file.

    Raises:
        IntegrityError: no file holds that many hashes.
    """
    data = _either(folder, tile.tile_path(level, index), tile.tile_path(level, index, width))
    if data is None or len(data) % HASH_SIZE or not width * HASH_SIZE <= len(data) <= tile.WIDTH * HASH_SIZE:
        cause = "is missing" if data is None else f"holds {len(data)} bytes instead of {width} hashes"
        raise IntegrityError(f"tile `{tile.tile_path(level, index, width)}` {cause}", help=_REBUILD)
    return data[: width * HASH_SIZE]


def bundle(folder: Path, index: int, width: int) -> list[bytes]:
    """The first `width` entries of a bundle, from its full or its partial file.

    Raises:
        IntegrityError: no file holds that many whole entries.
    """
    path = tile.bundle_path(index, width)
    data = _either(folder, tile.bundle_path(index), path)
    try:
        entries = tile.unpack_bundle(data) if data is not None else []
    except ValueError:
        entries = []
    if not width <= len(entries) <= tile.WIDTH:
        raise IntegrityError(f"entry bundle `{path}` is missing, cut short or too long", help=_REBUILD)
    return entries[:width]


_REBUILD = "opening the log for writing rebuilds tiles and bundles from its journal"


def _either(folder: Path, full: str, partial: str) -> bytes | None:
    for name in (partial, full):
        try:
            return (folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
    return None


def fetch_ahead(folder: Path, names: Iterable[tuple[str, str]], *, share: float = 1.0) -> None:
    """Lets the disk begin to read these files, each given by its full and its partial name; only a hint.

    `share` is the part of each, from its beginning, that will be read.
    """
    advise = getattr(os, "posix_fadvise", None)
    if advise is None:
        return
    for pair in names:
        for name in reversed(pair):
            try:
                fd = os.open(folder / name, os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                continue  # reading it will say what is wrong
            advise(fd, 0, int(os.fstat(fd).st_size * share), os.POSIX_FADV_WILLNEED)  # no length is all of it
            os.close(fd)
            break


def segments(folder: Path) -> list[tuple[int, Path]]:
    """The journal's segments in order: first index and path."""
    try:
        names = [path for path in (folder / JOURNAL).iterdir() if _SEGMENT.fullmatch(path.name)]
    except FileNotFoundError:
        return []
    return sorted((int(path.name[:20]), path) for path in names)


def batches(folder: Path, start: int = 0) -> Iterator[journal.Batch]:
    """The journal's batches from the one that holds entry `start`; a torn tail of the last segment is passed over.

    Raises:
        IntegrityError: a segment is broken, or the next one does not continue it.
    """
    found = segments(folder)
    expected: int | None = None
    for position, (first, path) in enumerate(found):
        last = position == len(found) - 1
        if not last and found[position + 1][0] <= start:
            continue
        if expected is not None and first != expected:
            raise IntegrityError(f"the journal lacks entries {expected} to {first - 1}")
        data = path.read_bytes()
        end = 0
        for record in journal.records(data):
            if end == 0:
                expected = journal.read_head(record).frontier.size
                if expected != first:
                    raise IntegrityError(f"journal segment `{path.name}` begins at entry {expected}")
            else:
                batch = journal.read_batch(record)
                if batch.first != expected:
                    raise IntegrityError(f"the journal lacks entry {expected}")
                expected = batch.size
                if batch.size > start:
                    yield batch
            end = record.end
        if end == 0 or (end < len(data) and (not last or journal.has_record_after(data, end))):
            raise IntegrityError(f"journal segment `{path.name}` is broken at entry {expected or first}")


def entries(folder: Path, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, Entry]]:
    """Index and entry of `[start, stop)`, or to the end of the log; entries that were pruned are passed over.

    Raises:
        IntegrityError: bytes that are not an entry stand where one should be.
    """
    head = published(folder)
    size = head.size if head else 0
    at = max(start, minimum(folder))
    while at < size and (stop is None or at < stop):
        index, offset = divmod(at, tile.WIDTH)
        for data in bundle(folder, index, tile.width_at(0, index, size))[offset:]:
            if at == stop:
                return
            yield at, entry.decode(data)
            at += 1
    if stop is not None and at >= stop:
        return
    for batch in batches(folder, at):
        for data in batch.entries()[max(0, at - batch.first) :]:
            if at == stop:
                return
            yield at, entry.decode(data)
            at += 1


def entry_bytes(folder: Path, index: int, size: int) -> bytes:
    """The canonical bytes of a published entry.

    Raises:
        AuditError: the log has no such entry, or no longer.
        IntegrityError: its bundle is broken.
    """
    if 0 <= index < minimum(folder):
        raise AuditError(
            f"entry {index} was pruned under the log's retention policy", help="proofs made before that stay valid"
        )
    if not 0 <= index < size:
        raise AuditError(f"the audit log has no entry {index}; it holds {size}")
    number, offset = divmod(index, tile.WIDTH)
    return _entry(folder, number, tile.width_at(0, number, size), offset)


def _entry(folder: Path, number: int, width: int, offset: int) -> bytes:
    """One entry of a bundle, read no further than to its end: on a cold disk that is half of the time."""
    path = tile.bundle_path(number, width)
    for name in (path, tile.bundle_path(number)):
        try:
            with (folder / name).open("rb", buffering=READ) as file:
                for _ in range(offset):
                    file.seek(int.from_bytes(file.read(2), "big"), os.SEEK_CUR)
                length = file.read(2)
                data = file.read(int.from_bytes(length, "big"))
        except (FileNotFoundError, NotADirectoryError):
            continue
        if len(length) == 2 and len(data) == int.from_bytes(length, "big"):
            return data
    raise IntegrityError(f"entry bundle `{path}` is missing, cut short or too long", help=_REBUILD)
