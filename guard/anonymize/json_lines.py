"""JSON lines with stable column types: a first pass finds each key and its type, a second one reads the values.

A key that is always a text, a whole number, a number or a boolean has that type. A key with nested or mixed values
is a text that holds the JSON itself; where the plan keeps it, it is written back byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec
import pyarrow as pa

from guard.anonymize.file_formats import BATCH_ROWS, unreadable
from guard.errors import SourceError

MAX_LINE_BYTES = 16 * 1024 * 1024
MAX_BATCH_BYTES = 32 * 1024 * 1024
MAX_KEYS = 10_000

_ROW = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TYPES = {
    frozenset({"text"}): pa.string(),
    frozenset({"whole"}): pa.int64(),
    frozenset({"real"}): pa.float64(),
    frozenset({"whole", "real"}): pa.float64(),
    frozenset({"boolean"}): pa.bool_(),
}
_DIGITS = 18  # of a whole number that surely fits 64 bits


class JsonLinesReader:
    """A file with one JSON object a line; empty lines are skipped."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = max(path.stat().st_size, 1)
        seen: dict[str, set[str]] = {}
        for row, _ in self._rows():
            for key, value in row.items():
                seen.setdefault(key, set()).add(_kind(bytes(value)))
            if len(seen) > MAX_KEYS:
                msg = f"the file `{path.name}` has more than {MAX_KEYS} keys"
                raise SourceError(msg, help="data stands in its keys; bring it into columns first")
        kinds = {key: frozenset(found - {"null"}) for key, found in seen.items()}
        self.raw = frozenset(key for key, found in kinds.items() if found and found not in _TYPES)
        self.schema = pa.schema([(key, _TYPES.get(found, pa.string())) for key, found in kinds.items()])

    def _rows(self) -> Iterator[tuple[dict[str, msgspec.Raw], int]]:
        with self._path.open("rb") as file:
            number = 0
            while line := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) > MAX_LINE_BYTES:
                    raise unreadable(self._path, f"JSON lines: line {number} is longer than {MAX_LINE_BYTES} bytes")
                if not line.isspace():
                    try:
                        yield _ROW.decode(line), len(line)
                    except (msgspec.DecodeError, RecursionError):
                        raise unreadable(self._path, f"JSON lines: line {number} is not an object") from None

    def batches(self) -> Iterator[tuple[pa.RecordBatch, float]]:
        """Batches of bounded rows and bytes."""
        rows: list[dict[str, Any]] = []
        size = done = 0
        for row, length in self._rows():
            rows.append(row)
            size, done = size + length, done + length
            if len(rows) >= BATCH_ROWS or size >= MAX_BATCH_BYTES:
                yield self._batch(rows), min(done / self._size, 1.0)
                rows, size = [], 0
        if rows:
            yield self._batch(rows), 1.0

    def _batch(self, rows: list[dict[str, msgspec.Raw]]) -> pa.RecordBatch:
        columns = [self._column(field, rows) for field in self.schema]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _column(self, field: pa.Field, rows: list[dict[str, msgspec.Raw]]) -> pa.Array:
        cells = [row.get(field.name) for row in rows]
        try:
            if field.name in self.raw:
                texts = [None if cell is None or bytes(cell) == b"null" else bytes(cell).decode() for cell in cells]
                return pa.array(texts, field.type)
            return pa.array([None if cell is None else msgspec.json.decode(cell) for cell in cells], field.type)
        except (msgspec.DecodeError, UnicodeError, pa.ArrowException, OverflowError):
            raise unreadable(self._path, "JSON lines: it changed while it was read, or a text is not UTF-8") from None


def _kind(cell: bytes) -> str:
    """What a JSON value is, by its first byte; the decoder has checked the rest."""
    first = cell[:1]
    if first == b'"':
        return "text"
    if first in (b"t", b"f"):
        return "boolean"
    if first == b"n":
        return "null"
    if first in (b"{", b"["):
        return "nested"
    if any(byte in b".eE" for byte in cell):
        return "real"
    return "whole" if len(cell) <= _DIGITS else "long"


class JsonLinesWriter:
    """One JSON object a line, nulls included, keys in the order of the columns."""

    def __init__(self, file: IO[bytes], raw: frozenset[str]) -> None:
        self._file = file
        self._raw = raw
        self._encoder = msgspec.json.Encoder()

    def render(self, batch: pa.RecordBatch) -> bytes:
        """Rows as lines."""
        columns = {name: batch.column(index).to_pylist() for index, name in enumerate(batch.schema.names)}
        for name in self._raw & set(columns):
            columns[name] = [None if cell is None else msgspec.Raw(cell.encode()) for cell in columns[name]]
        rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
        return self._encoder.encode_lines(rows)

    def append(self, rendered: bytes) -> None:
        """The lines of a batch."""
        self._file.write(rendered)

    def close(self) -> None:
        """Nothing belongs at the end."""
