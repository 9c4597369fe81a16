"""How DuckDB reads each format: what columns a file has, and how it becomes a table or a view.

CSV and JSON up to a size are read once into memory, because each query would parse them again; Parquet, and what is
larger, stays where it is and is read through a view.
"""

from __future__ import annotations

import codecs
import errno
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from guard.sources.csv_types import chosen, survey
from guard.sources.document_formats import Document, Workbook
from guard.sources.duckdb_engine import Connection
from guard.sources.names import quoted

IN_MEMORY_BYTES = 256 << 20
ENCODINGS = ("utf-8", "gb18030")  # the second reads GB2312 and GBK as well
CHUNK_BYTES = 1 << 20


class Format(Protocol):
    """A file format."""

    name: str

    def columns(self, connection: Connection, path: Path) -> tuple[str, ...]:
        """The names of a file's columns; fails as DuckDB fails when the file is not of this format."""

    def load(self, connection: Connection, name: str, paths: Sequence[Path]) -> tuple[Path, ...]:
        """Makes the relation `name` of all files; returns the files that must stay readable."""


class Parquet:
    """Parquet files, always in place."""

    name = "Parquet"

    def columns(self, connection: Connection, path: Path) -> tuple[str, ...]:
        return _described(connection, f"read_parquet({_list([path])}, hive_partitioning = false)")

    def load(self, connection: Connection, name: str, paths: Sequence[Path]) -> tuple[Path, ...]:
        reader = f"read_parquet({_list(paths)}, hive_partitioning = false, union_by_name = true)"
        connection.execute(f"CREATE VIEW {quoted(name, 'duckdb')} AS SELECT * FROM {reader}")
        return tuple(paths)


class Json:
    """JSON arrays and newline-delimited JSON."""

    name = "JSON"

    def columns(self, connection: Connection, path: Path) -> tuple[str, ...]:
        return _described(connection, f"read_json({_list([path])})")

    def load(self, connection: Connection, name: str, paths: Sequence[Path]) -> tuple[Path, ...]:
        small = _small(paths)
        kind = "TABLE" if small else "VIEW"
        reader = f"read_json({_list(paths)}, union_by_name = true)"
        connection.execute(f"CREATE {kind} {quoted(name, 'duckdb')} AS SELECT * FROM {reader}")
        return () if small else tuple(paths)


class Csv:
    """CSV with any separator, UTF-8 or GB 18030; types as `csv_types` decides, or text when the file is large."""

    name = "CSV"

    def columns(self, connection: Connection, path: Path) -> tuple[str, ...]:
        with _as_utf8(path) as readable:
            return tuple(column["name"] for column in _sniffed(connection, readable)["Columns"])

    def load(self, connection: Connection, name: str, paths: Sequence[Path]) -> tuple[Path, ...]:
        target = quoted(name, "duckdb")
        if not _small(paths):
            readers = " UNION ALL BY NAME ".join(f"SELECT * FROM {_csv_reader(connection, path)}" for path in paths)
            connection.execute(f"CREATE VIEW {target} AS {readers}")
            return tuple(paths)
        for number, path in enumerate(paths):
            with _as_utf8(path) as readable:
                start = "INSERT INTO guard_raw BY NAME" if number else "CREATE TABLE guard_raw AS"
                connection.execute(f"{start} SELECT * FROM {_csv_reader(connection, readable)}")
        columns = [row[0] for row in connection.execute("DESCRIBE guard_raw").fetchall()]
        types = chosen(columns, connection.execute(survey(columns, "guard_raw")).fetchone())
        casts = ", ".join(
            f"CAST({quoted(column, 'duckdb')} AS {types[column]}) AS {quoted(column, 'duckdb')}" for column in columns
        )
        connection.execute(f"CREATE TABLE {target} AS SELECT {casts} FROM guard_raw")
        return ()


class Lines:
    """Running text and logs, a row a line, UTF-8 or GB 18030."""

    name = "text"

    def columns(self, connection: Connection, path: Path) -> tuple[str, ...]:  # noqa: ARG002 - the port's signature
        return ("line",)

    def load(self, connection: Connection, name: str, paths: Sequence[Path]) -> tuple[Path, ...]:
        if not _small(paths):
            raise OSError(errno.EFBIG, "a text is read into memory")
        connection.execute(f"CREATE TABLE {quoted(name, 'duckdb')} (line VARCHAR)")
        for path in paths:
            with _as_utf8(path) as readable:
                lines = f"SELECT unnest(string_split(content, chr(10))) AS line FROM read_text({_list([readable])})"
                kept = f"SELECT trim(line, chr(13)) AS line FROM ({lines})"
                connection.execute(f"INSERT INTO {quoted(name, 'duckdb')} SELECT line FROM ({kept}) WHERE line <> ''")
        return ()


FORMATS: dict[str, Format] = {
    ".csv": Csv(),
    ".tsv": Csv(),
    ".parquet": Parquet(),
    ".pq": Parquet(),
    ".json": Json(),
    ".ndjson": Json(),
    ".jsonl": Json(),
    ".txt": Lines(),
    ".log": Lines(),
    ".docx": Document(),
    ".pptx": Document(),
    ".pdf": Document(),
    ".xlsx": Workbook(),
}
COMPRESSIONS = (".gz", ".zst")


def format_of(path: Path) -> Format | None:
    """The format by the name of the file."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in COMPRESSIONS:
        suffixes.pop()
    return FORMATS.get(suffixes[-1]) if suffixes else None


def _described(connection: Connection, reader: str) -> tuple[str, ...]:
    return tuple(row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {reader}").fetchall())


def _sniffed(connection: Connection, path: Path) -> dict[str, Any]:
    answer = connection.execute(f"SELECT * FROM sniff_csv({_text(str(path))})")
    names = [column[0] for column in answer.description]
    return dict(zip(names, answer.fetchone(), strict=True))


def _csv_reader(connection: Connection, path: Path) -> str:
    """A read of all columns as text, with the dialect that the sniffer saw."""
    seen = _sniffed(connection, path)
    options = {"delim": seen["Delimiter"], "quote": _mark(seen["Quote"]), "escape": _mark(seen["Escape"])}
    spelled = ", ".join(f"{option} = {_text(value)}" for option, value in options.items())
    header = "true" if seen["HasHeader"] else "false"
    start = f"header = {header}, skip = {int(seen['SkipRows'])}"
    return f"read_csv({_text(str(path))}, {spelled}, {start}, all_varchar = true)"


def _mark(sniffed: str) -> str:
    return "" if sniffed in {"(empty)", "\0"} else sniffed


@contextmanager
def _as_utf8(path: Path) -> Iterator[Path]:
    """The file itself when it is UTF-8; else a private copy in UTF-8 for the time of the block."""
    if path.suffix.lower() in COMPRESSIONS:
        yield path
        return
    encoding = _encoding(path)
    if encoding == "utf-8":
        yield path
        return
    with tempfile.NamedTemporaryFile(suffix=path.suffix) as copy:  # mode 0600
        with path.open(encoding=encoding, newline="") as text:
            while chunk := text.read(CHUNK_BYTES):
                copy.write(chunk.encode())
        copy.flush()
        yield Path(copy.name)


def _encoding(path: Path) -> str:
    """The first encoding in which the whole file is valid; UTF-8 when none is, and DuckDB then refuses it."""
    for encoding in ENCODINGS:
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    return ENCODINGS[0]


def _small(paths: Sequence[Path]) -> bool:
    return sum(path.stat().st_size for path in paths) <= IN_MEMORY_BYTES


def _list(paths: Sequence[Path]) -> str:
    return f"[{', '.join(_text(str(path)) for path in paths)}]"


def _text(value: str) -> str:
    """A string literal; DuckDB has no escapes in it but the doubled quote."""
    return "'" + value.replace("'", "''") + "'"
