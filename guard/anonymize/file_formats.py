"""Readers and writers of the three file formats: Arrow batches of bounded size on one side, bytes on the other.

No error holds text of the library that reads, since that prints the row it stumbled over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Literal, Protocol, TypeAlias, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from guard.anonymize.columns import content
from guard.errors import SourceError, UsageError
from guard.model import Value

FileFormat: TypeAlias = Literal["csv", "parquet", "jsonl"]

BLOCK_BYTES = 1024 * 1024  # of CSV text in one batch: what stays in the cache of a core is fastest
LONGEST_BLOCKS = 32  # blocks that one row of CSV may take
BATCH_ROWS = 65_536  # of Parquet and JSON lines in one batch
SUFFIXES: dict[str, FileFormat] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}


class CsvOptions(Value, frozen=True):
    """How CSV is written down: one character between fields, and the encoding of the input; output is UTF-8."""

    delimiter: str = ","
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        if len(self.delimiter.encode()) != 1 or self.delimiter in '"\r\n':
            msg = "the delimiter is not one ASCII character, or is a quotation mark or a line end"
            raise UsageError(msg, help="use a comma, a semicolon, a tab or `|`")


class Reader(Protocol):
    """An open input. `raw` names the columns that hold JSON texts."""

    schema: pa.Schema
    raw: frozenset[str]

    def batches(self) -> Iterator[tuple[pa.RecordBatch, float]]:
        """The batches, each with the share of the input that is read by then, 0 to 1."""


class Writer(Protocol):
    """An open output over a binary file that the caller owns.

    `render` is the work and keeps no state, so threads may do it for several batches at once; `append` is the write.
    """

    def render(self, batch: pa.RecordBatch) -> Any:
        """What `append` takes for this batch."""

    def append(self, rendered: Any) -> None:
        """Appends a batch; from one thread, in order."""

    def close(self) -> None:
        """Writes what belongs at the end; the files stay open."""


def format_of(path: Path) -> FileFormat:
    """The format by the file's suffix.

    Raises:
        UsageError: the suffix says nothing.
    """
    found = SUFFIXES.get(path.suffix.lower())
    if found is None:
        msg = f"the format of `{path.name}` is unknown"
        raise UsageError(msg, help=f"use one of {', '.join(SUFFIXES)}")
    return found


def unreadable(path: Path, what: str) -> SourceError:
    """The error of an input that is not what its suffix says."""
    msg = f"the file `{path.name}` is not readable as {what}"
    return SourceError(msg, help="repair the file; nothing was written")


class CsvReader:
    """CSV with a header; every column is text, so that leading zeros and long numbers survive.

    An empty field is null; a quoted empty field is an empty text.
    """

    raw: frozenset[str] = frozenset()

    def __init__(self, path: Path, options: CsvOptions) -> None:
        self._path = path
        self._options = options
        self._size = max(path.stat().st_size, 1)
        names = self._names(BLOCK_BYTES) or self._names(BLOCK_BYTES * LONGEST_BLOCKS)
        if names is None:
            raise self._unreadable()
        self.schema = pa.schema([(name, pa.string()) for name in names])

    def _open(self, file: pa.NativeFile, names: list[str], size: int) -> pa_csv.CSVStreamingReader:
        return pa_csv.open_csv(
            file,
            read_options=pa_csv.ReadOptions(block_size=size, encoding=self._options.encoding),
            parse_options=pa_csv.ParseOptions(delimiter=self._options.delimiter, newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
                quoted_strings_can_be_null=False,
            ),
        )

    def batches(self) -> Iterator[tuple[pa.RecordBatch, float]]:
        """Blocks of the file; where one row is longer than a block, larger ones from there on."""
        done = 0
        for size in (BLOCK_BYTES, BLOCK_BYTES * LONGEST_BLOCKS):
            start = 0
            try:
                for batch, share in self._blocks(size):
                    if (end := start + batch.num_rows) > done:
                        yield batch.slice(max(done - start, 0)), share
                        done = end
                    start = end
                return
            except pa.ArrowInvalid as error:
                # Arrow's word for a row that does not fit in a block; nothing else of its text is looked at.
                if "straddling" not in str(error) or size > BLOCK_BYTES:
                    raise self._unreadable() from None
            except (pa.ArrowException, LookupError, UnicodeError, OSError):
                raise self._unreadable() from None

    def _names(self, size: int) -> list[str] | None:
        try:
            with pa.OSFile(str(self._path)) as file:
                return list(self._open(file, [], size).schema.names)
        except (pa.ArrowException, LookupError, UnicodeError, OSError):
            return None

    def _unreadable(self) -> SourceError:
        return unreadable(self._path, f"CSV in {self._options.encoding}")

    def _blocks(self, size: int) -> Iterator[tuple[pa.RecordBatch, float]]:
        with pa.OSFile(str(self._path)) as file:
            reader = self._open(file, self.schema.names, size)
            while True:
                try:
                    batch = reader.read_next_batch()
                except StopIteration:
                    return
                yield batch, min(file.tell() / self._size, 1.0)


class CsvWriter:
    """CSV that quotes only what needs it. A null is an empty field, an empty text is `""`."""

    def __init__(self, file: IO[bytes], schema: pa.Schema, options: CsvOptions, *, header: bool = True) -> None:
        self._file = file
        self._delimiter = options.delimiter
        self._suspects = f'"\r\n \t{self._delimiter}'.encode()
        if header:
            names = pa.RecordBatch.from_pylist([dict(zip(schema.names, schema.names, strict=True))])
            self.append(self.render(names))

    def render(self, batch: pa.RecordBatch) -> bytes:
        """One text for all rows: Arrow joins the columns, its buffer is the file's content."""
        columns = [self._field(batch.column(index), alone=batch.num_columns == 1) for index in range(batch.num_columns)]
        columns[-1] = pc.binary_join_element_wise(
            columns[-1], pa.scalar("\n", pa.large_string()), pa.scalar("", pa.large_string())
        )
        lines = pc.binary_join_element_wise(*columns, pa.scalar(self._delimiter, pa.large_string()))
        return content(lines)

    def append(self, rendered: bytes) -> None:
        """The text of a batch."""
        self._file.write(rendered)

    def _field(self, values: pa.Array, *, alone: bool) -> pa.Array:
        if pa.types.is_nested(values.type) or pa.types.is_binary(values.type):
            msg = f"a column of type `{values.type}` has no form in CSV"
            raise UsageError(msg, help="drop the column in the plan, or write Parquet")
        text = values.cast(pa.large_string())
        held = content(text)
        if any(suspect in held for suspect in self._suspects) or pc.min(pc.binary_length(text)).as_py() == 0:
            text = self._quoted(text)
        # A line with nothing on it would be skipped when it is read again.
        return pc.fill_null(text, '""' if alone else "")

    def _quoted(self, text: pa.Array) -> pa.Array:
        """Quotation marks around each value that could be misread without."""
        pattern = f'["\\r\\n{"" if self._delimiter in "^-]" else self._delimiter}]|^$|^[ \\t]|[ \\t]$'
        special = pc.match_substring_regex(text, pattern)
        if self._delimiter in "^-]":
            special = pc.or_(special, pc.match_substring(text, self._delimiter))
        if not pc.any(special).as_py():
            return text
        mark = pa.scalar('"', pa.large_string())
        doubled = pc.replace_substring(text, '"', '""')
        quoted = pc.binary_join_element_wise(mark, doubled, mark, pa.scalar("", pa.large_string()))
        return pc.if_else(special, quoted, text)

    def close(self) -> None:
        """Nothing belongs at the end."""


class ParquetReader:
    """Parquet, row group by row group."""

    raw: frozenset[str] = frozenset()

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._opened() as file:
            self.schema = file.schema_arrow

    def _opened(self) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self._path, memory_map=False)
        except (pa.ArrowException, OSError):
            raise unreadable(self._path, "Parquet") from None

    def batches(self) -> Iterator[tuple[pa.RecordBatch, float]]:
        """Batches of bounded rows."""
        with self._opened() as file:
            total, rows = max(file.metadata.num_rows, 1), 0
            batches = file.iter_batches(batch_size=BATCH_ROWS)
            while True:
                try:
                    batch = next(batches)
                except StopIteration:
                    return
                except (pa.ArrowException, OSError):
                    raise unreadable(self._path, "Parquet") from None
                rows += batch.num_rows
                yield batch, min(rows / total, 1.0)


def open_reader(path: Path, options: CsvOptions) -> Reader:
    """The reader for a file's suffix.

    Raises:
        UsageError: an unknown suffix.
        SourceError: the file is missing or not what its suffix says.
    """
    kind = format_of(path)
    if not path.is_file():
        msg = f"there is no file `{path}`"
        raise SourceError(msg, help="name an existing file")
    if kind == "csv":
        return CsvReader(path, options)
    if kind == "parquet":
        return ParquetReader(path)
    from guard.anonymize.json_lines import JsonLinesReader

    return JsonLinesReader(path)


def open_writer(
    kind: FileFormat,
    file: IO[bytes],
    schema: pa.Schema,
    options: CsvOptions,
    *,
    raw: frozenset[str],
    whole: Callable[[], IO[bytes]],
    header: bool = True,
) -> Writer:
    """The writer of a format; `raw` names the columns whose texts are JSON already.

    `header` is False where a file is continued that has its first line. `whole` opens a second file, which is then the
    output: for the format that cannot be continued.
    """
    if kind == "csv":
        return CsvWriter(file, schema, options, header=header)
    if kind == "parquet":
        from guard.anonymize.parquet_output import ParquetWriter

        return cast("Writer", ParquetWriter(file, whole, schema))
    from guard.anonymize.json_lines import JsonLinesWriter

    return cast("Writer", JsonLinesWriter(file, raw))
