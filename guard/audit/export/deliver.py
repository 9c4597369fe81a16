"""Delivers published entries to a sink, at least once and in order, from a cursor that outlives the process.

The cursor moves after the sink took a batch. A crash in between sends that batch again: receivers know a record by its
index. A sink that is away stops the delivery, never the log.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

import msgspec

from guard.audit import reader
from guard.audit.disk import PosixDisk
from guard.audit.export import ocsf, opa, syslog
from guard.errors import AuditError, IntegrityError
from guard.model import Entry

BATCH = 500  # records sent between two moves of the cursor
Form: TypeAlias = Literal["ocsf", "opa", "entry"]


class Sink(Protocol):
    """Where records go."""

    def send(self, data: bytes) -> None:
        """Takes one record, or raises AuditError."""

    def flush(self) -> None:
        """Returns when everything sent is as safe as this sink makes it."""

    def close(self) -> None:
        """Lets go."""


class Cursor:
    """The next index to deliver, in a file of its own for each receiver."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> int:
        """The next index; 0 in the beginning.

        Raises:
            IntegrityError: the file holds no index.
        """
        try:
            text = self._path.read_text("ascii").strip()
        except FileNotFoundError:
            return 0
        except (OSError, UnicodeDecodeError):
            text = ""
        if not text.isdecimal() or len(text) > 19:
            raise IntegrityError(
                f"cursor `{self._path.name}` holds no index", help="remove it to send everything again"
            )
        return int(text)

    def move(self, position: int) -> None:
        """Keeps the next index, durably."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            PosixDisk().put(self._path, f"{position}\n".encode())
            PosixDisk().sync_folder(self._path.parent)
        except OSError as error:
            raise AuditError(f"cursor `{self._path.name}` cannot be written: {error.strerror}") from None


Encode: TypeAlias = Callable[[int, Entry], "bytes | None"]


def encoder(form: Form, *, origin: str, framed: bool) -> Encode:
    """What makes a record of an entry; `framed` puts it into an RFC 5424 message."""

    def encode(index: int, entry: Entry) -> bytes | None:
        value = _value(form, index, entry, origin)
        if value is None:
            return None
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        if not framed:
            return text.encode()
        denied = entry.body.get("outcome") == "deny"
        return syslog.message(index, entry.time, entry.kind, text, origin=origin, warning=denied)

    return encode


def _value(form: Form, index: int, entry: Entry, origin: str) -> dict[str, Any] | None:
    if form == "ocsf":
        return ocsf.event(index, entry, origin=origin)
    if form == "opa":
        return opa.record(index, entry, origin=origin)
    return {"index": index, "log": origin, **msgspec.to_builtins(entry)}


def deliver(folder: Path, sink: Sink, cursor: Cursor, encode: Encode) -> int:
    """Sends what is published and was not sent; gives the number of records.

    Raises:
        AuditError: the sink did not take a record; everything before the cursor was taken.
        IntegrityError: the log is shorter than what was delivered, or its entries cannot be read.
    """
    head = reader.published(folder)
    size = head.size if head else 0
    position = cursor.read()
    if position > size:
        raise IntegrityError(f"{position} entries were delivered, the log holds {size}: it was set back")
    minimum = reader.minimum(folder)
    if position < minimum:
        raise IntegrityError(
            f"entries {position} to {minimum - 1} were pruned before they were delivered",
            help=f"write {minimum} into the cursor to go on without them",
        )
    sent = 0
    for batch in _batches(folder, position, size):
        for index, entry in batch:
            data = encode(index, entry)
            if data is not None:
                sink.send(data)
                sent += 1
        sink.flush()
        cursor.move(batch[-1][0] + 1)
    return sent


def _batches(folder: Path, start: int, stop: int) -> Iterator[list[tuple[int, Entry]]]:
    batch: list[tuple[int, Entry]] = []
    for found in reader.entries(folder, start, stop):
        batch.append(found)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
