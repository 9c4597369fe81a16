"""The journal's bytes: what makes an entry durable before anything else knows of it.

A segment is a file `journal/<first index, 20 digits>.journal` of records:

    magic "gdj1" | kind, 1 byte | body length, uint32 | CRC-32 of kind, length and body, uint32 | body

    head (kind 1), first in each segment:
        first index, uint64 | frontier nodes | signed checkpoint of that size
    batch (kind 2):
        first index, uint64 | count, uint32 | entries' length, uint32 | entries | signed checkpoint over them

Integers are big-endian. Entries stand as in entry bundles (uint16 length, bytes), so that journal and bundles are the
same run of bytes. One record is one write and one sync: its entries and their checkpoint become durable together.

The CRC tells a torn write from a whole one; what tells an edited record is the signed checkpoint.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from zlib import crc32

from guard.audit import checkpoint, tile
from guard.audit.tree import HASH_SIZE, Frontier
from guard.errors import IntegrityError
from guard.model import Checkpoint, Value

MAGIC = b"gdj1"
HEAD, BATCH = 1, 2
MAX_BODY = 64 * 1024 * 1024  # bytes; a batch is cut long before
SUFFIX = ".journal"

_PREFIX = struct.Struct(">4sBII")
_BATCH = struct.Struct(">QII")
_FIRST = struct.Struct(">Q")


class Head(Value, frozen=True):
    """The state of the log where a segment begins."""

    frontier: Frontier
    checkpoint: Checkpoint


class Batch(Value, frozen=True):
    """Entries `[first, first + count)` in bundle form, and the checkpoint over all entries up to the last of them."""

    first: int
    count: int
    packed: bytes
    checkpoint: Checkpoint

    @property
    def size(self) -> int:
        """The size of the log after this batch."""
        return self.first + self.count

    def entries(self) -> list[bytes]:
        """The entries' canonical bytes.

        Raises:
            IntegrityError: the packed bytes do not hold exactly `count` entries.
        """
        try:
            entries = tile.unpack_bundle(self.packed)
        except ValueError:
            entries = []
        if len(entries) != self.count:
            raise IntegrityError(f"journal batch at entry {self.first} does not hold its {self.count} entries")
        return entries


class Record(Value, frozen=True):
    """One whole record and the offset just behind it."""

    kind: int
    body: bytes
    end: int


def segment_name(first: int) -> str:
    """The file name of the segment that begins at entry `first`."""
    return f"{first:020d}{SUFFIX}"


def head_record(head: Head) -> bytes:
    """The bytes that open a segment."""
    nodes = b"".join(head.frontier.nodes)
    return _record(HEAD, _FIRST.pack(head.frontier.size) + nodes + checkpoint.text(head.checkpoint).encode())


def batch_record(batch: Batch) -> bytes:
    """The bytes of one group commit."""
    fixed = _BATCH.pack(batch.first, batch.count, len(batch.packed))
    return _record(BATCH, fixed + batch.packed + checkpoint.text(batch.checkpoint).encode())


def records(data: bytes, start: int = 0) -> Iterator[Record]:
    """The whole records from `start` on; ends before the first that is not whole."""
    at = start
    while (record := _record_at(data, at)) is not None:
        yield record
        at = record.end


def has_record_after(data: bytes, start: int) -> bool:
    """True when a whole record stands somewhere behind `start`: then what is broken there is no torn tail."""
    at = data.find(MAGIC, start)
    while at >= 0:
        if _record_at(data, at) is not None:
            return True
        at = data.find(MAGIC, at + 1)
    return False


def read_head(record: Record) -> Head:
    """The head of a segment, unverified.

    Raises:
        IntegrityError: the record is not a head.
    """
    body = record.body
    if record.kind != HEAD or len(body) < _FIRST.size:
        raise IntegrityError("a journal segment does not begin with its head")
    (size,) = _FIRST.unpack_from(body)
    end = _FIRST.size + size.bit_count() * HASH_SIZE
    nodes = tuple(tile.hashes_of(body[_FIRST.size : end]))
    if any(len(node) != HASH_SIZE for node in nodes) or len(nodes) != size.bit_count():
        raise IntegrityError("the head of a journal segment is cut short")
    return Head(Frontier(size, nodes), _note(body[end:]))


def read_batch(record: Record) -> Batch:
    """A group commit, unverified.

    Raises:
        IntegrityError: the record is not a batch.
    """
    body = record.body
    if record.kind != BATCH or len(body) < _BATCH.size:
        raise IntegrityError("a journal record is not a batch")
    first, count, length = _BATCH.unpack_from(body)
    end = _BATCH.size + length
    if end > len(body) or count == 0:
        raise IntegrityError(f"journal batch at entry {first} contradicts its own lengths")
    return Batch(first, count, body[_BATCH.size : end], _note(body[end:]))


def loose_entries(data: bytes, at: int) -> list[bytes]:
    """What can be read of the entries of a batch whose record is broken; only good for finding what differs."""
    start = at + _PREFIX.size
    if start + _BATCH.size > len(data):
        return []
    _, _, length = _BATCH.unpack_from(data, start)
    entries, here = [], start + _BATCH.size
    end = min(here + length, len(data))
    while here + 2 <= end:
        size = int.from_bytes(data[here : here + 2])
        entries.append(data[here + 2 : here + 2 + size])
        here += 2 + size
    return entries


def _note(data: bytes) -> Checkpoint:
    try:
        return checkpoint.parse(data.decode())
    except UnicodeDecodeError:
        raise IntegrityError("a journal record does not end with a checkpoint") from None


def _record(kind: int, body: bytes) -> bytes:
    return _PREFIX.pack(MAGIC, kind, len(body), _sum(kind, body)) + body


def _record_at(data: bytes, at: int) -> Record | None:
    """The whole record at `at`, or None."""
    start = at + _PREFIX.size
    if start > len(data):
        return None
    magic, kind, length, expected = _PREFIX.unpack_from(data, at)
    end = start + length
    if magic != MAGIC or length > MAX_BODY or end > len(data):
        return None
    body = data[start:end]
    return Record(kind, body, end) if _sum(kind, body) == expected else None


def _sum(kind: int, body: bytes) -> int:
    return crc32(body, crc32(struct.pack(">BI", kind, len(body))))
