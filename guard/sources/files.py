"""Data files: CSV, TSV, Parquet, JSON and NDJSON; one file, a glob, or a folder.

A file is a table named after it. The files of a glob are one table when they have the same columns. A file that cannot
be read is skipped, with its reason in `skipped`; the others work.
"""

from __future__ import annotations

import glob
import hashlib
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from guard.errors import NothingScannedError, SourceError
from guard.model import ColumnFunction, Dataset, EnforcedQuery, SkippedTable, Table, TableName
from guard.sources.document_formats import Document, Workbook
from guard.sources.duckdb_engine import Connection, DuckDBEngine, lock, pinned_config
from guard.sources.duckdb_tables import DuckDBTables
from guard.sources.file_formats import COMPRESSIONS, FORMATS, Format, format_of
from guard.sources.marks import of_files
from guard.sources.names import absolute, path_of
from guard.sources.source import Limits, Meanwhile, nothing

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMES = ("file",)
SUFFIXES = tuple(FORMATS)
NAMESPACE = "file"
MAX_FILES = 10_000
FRESH_SECONDS = 0.5  # how long one look at the folder counts


def accepts(path: Path) -> bool:
    """True for a folder, a glob, or a file with a known suffix."""
    return path.is_dir() or (format_of(path) is not None and path.is_file()) or glob.has_magic(str(path))


def connect(where: str, *, name: str | None = None, root: Path | None = None) -> Files:
    """Opens a file, a folder or a glob."""
    return Files(path_of(where, "file", root) if "://" in where else absolute(where, root), uri=where, name=name)


@dataclass(frozen=True, slots=True)
class _Group:
    """Files that are one table."""

    name: str
    paths: tuple[Path, ...]
    format: Format
    dataset: str


class Files:
    """A set of files as tables of one schema."""

    dialect = "duckdb"
    default_schema = "main"
    namespace = NAMESPACE

    def __init__(self, path: Path, *, uri: str, name: str | None = None) -> None:
        self.uri = uri
        self._path = path
        self._name = name
        self._looked = 0.0
        self._skipped: tuple[SkippedTable, ...] = ()
        self._open()

    @property
    def skipped(self) -> tuple[SkippedTable, ...]:
        """The files that could not be read, and why."""
        return self._skipped

    def tables(self, only: Sequence[str] | None = None) -> tuple[Table, ...]:
        """The files as they are now."""
        if self.version() != self._loaded:
            self._inner.engine.close()
            self._open()
        return self._inner.tables(only)

    def version(self) -> str:
        """Which files there are, with size and time of change; at most half a second old."""
        if time.monotonic() - self._looked > FRESH_SECONDS:
            self._seen = _state(self._files())
            self._looked = time.monotonic()
        return self._seen

    def marks(self, tables: Sequence[Table]) -> Mapping[TableName, str]:
        """Inode, size and times of each table's files."""
        groups = {table.name: self._groups[table.name.name].paths for table in tables}
        found = {name: of_files(paths) for name, paths in groups.items()}
        return {name: mark for name, mark in found.items() if mark}

    def sample(self, table: Table, *, rows: int, seed: int, limits: Limits) -> pa.Table:
        """A reservoir sample."""
        return self._inner.sample(table, rows=rows, seed=seed, limits=limits)

    def run(self, query: EnforcedQuery, *, limits: Limits, meanwhile: Meanwhile = nothing) -> pa.Table:
        """The answer of an enforced query."""
        return self._inner.run(query, limits=limits, meanwhile=meanwhile)

    def relations(self, query: EnforcedQuery) -> frozenset[TableName] | None:
        """The tables that DuckDB's own plan reads; None where files are read in place."""
        return self._inner.relations(query)

    def provide(self, name: str, function: ColumnFunction) -> bool:
        """DuckDB runs in this process, and calls it."""
        return self._inner.engine.provide(name, function)

    def close(self) -> None:
        """Drops what was loaded; safe to call twice."""
        self._inner.engine.close()

    def _open(self) -> None:
        files = self._files()
        if not files:
            raise NothingScannedError(f"`{self.uri}` matches no data file", help="check the path and the suffix")
        self._loaded = self._seen = _state(files)
        self._looked = time.monotonic()
        self._files_now = files
        self._groups: dict[str, _Group] = {}
        self._inner = DuckDBTables(DuckDBEngine(self._connect), NAMESPACE, self._describe)
        self.catalog = self._inner.catalog
        if not self._groups:
            self._inner.engine.close()
            raise SourceError(f"nothing in `{self.uri}` can be read: {_reasons(self._skipped)}")

    def _files(self) -> tuple[Path, ...]:
        if self._path.is_dir():
            found: Iterable[Path] = self._path.iterdir()
        elif self._path.is_file():
            return (self._path,)
        else:
            found = (Path(name) for name in glob.iglob(str(self._path), recursive=True))  # noqa: PTH207 - an absolute pattern
        known = sorted(path for path in found if path.is_file() and format_of(path) is not None)
        if len(known) > MAX_FILES:
            raise SourceError(f"`{self.uri}` matches more than {MAX_FILES} files", help="name fewer files")
        return tuple(known)

    def _connect(self) -> Connection:
        """A database with every readable file as a relation, locked."""
        import duckdb

        connection = duckdb.connect(":memory:", config=pinned_config())
        skipped: list[SkippedTable] = []
        readable: list[str] = []
        groups: dict[str, _Group] = {}
        for group in self._grouped(connection, skipped):
            try:
                connection.execute("BEGIN")
                kept = group.format.load(connection, group.name, group.paths)
                connection.execute("DROP TABLE IF EXISTS guard_raw")
                connection.execute("COMMIT")
            except (duckdb.Error, OSError, SourceError) as error:
                connection.execute("ROLLBACK")
                skipped += [_unreadable(path, group.format, error) for path in group.paths]
            else:
                groups[group.name] = group
                readable += map(str, kept)
                skipped += _in_part(group)
        lock(connection, readable=readable)
        self._groups, self._skipped = groups, tuple(skipped)
        return connection

    def _grouped(self, connection: Connection, skipped: list[SkippedTable]) -> list[_Group]:
        """Which files make which table; unreadable ones go to `skipped`."""
        import duckdb

        columns: dict[Path, tuple[str, ...]] = {}
        for path in self._files_now:
            reader = format_of(path)
            assert reader is not None
            try:
                columns[path] = reader.columns(connection, path)
            except (duckdb.Error, OSError, SourceError) as error:
                skipped.append(_unreadable(path, reader, error))
        shapes = {(type(format_of(path)), names) for path, names in columns.items()}
        paths = tuple(columns)
        if len(paths) > 1 and len(shapes) == 1 and not self._path.is_dir():
            reader = format_of(paths[0])
            assert reader is not None
            return [_Group(self._name or _glob_name(self._path), paths, reader, str(self._path))]
        return _sheets_apart(_one_each(paths, self._name), skipped)

    def _describe(self, table: Table) -> Table:
        group = self._groups[table.name.name]
        return msgspec.structs.replace(
            table,
            kind="file",
            dataset=Dataset(NAMESPACE, group.dataset),
            definition="",
            identity=hashlib.sha256(_state(group.paths).encode()).hexdigest()[:32],
        )


def _one_each(paths: Sequence[Path], name: str | None) -> list[_Group]:
    stems = [name if name and len(paths) == 1 else _stem(path) for path in paths]
    groups = []
    for path, stem in zip(paths, stems, strict=True):
        reader = format_of(path)
        assert reader is not None
        unique = stem if stems.count(stem) == 1 else re.sub(r"\W", "_", path.name)
        groups.append(_Group(unique, (path,), reader, str(path)))
    return groups


def _sheets_apart(groups: Sequence[_Group], skipped: list[SkippedTable]) -> list[_Group]:
    """A group for each sheet of a workbook."""
    apart: list[_Group] = []
    for group in groups:
        if not isinstance(group.format, Workbook):
            apart.append(group)
            continue
        (path,) = group.paths
        try:
            found = group.format.sheets(path)
        except SourceError as error:
            skipped.append(_unreadable(path, group.format, error))
            continue
        apart += [
            _Group(f"{group.name}.{name}" if len(found) > 1 else group.name, group.paths, sheet, f"{path}#{name}")
            for name, sheet in found.items()
        ]
    return apart


def _in_part(group: _Group) -> list[SkippedTable]:
    """What of documents holds no text that could be read: never clean without a word."""
    if not isinstance(group.format, Document):
        return []
    unread = group.format.unread
    return [SkippedTable(path.name, unread[path]) for path in group.paths if unread.get(path)]


def _stem(path: Path) -> str:
    """The file's name without its format and compression."""
    name = path.name
    for suffix in (*COMPRESSIONS, *FORMATS):
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
    return name


def _glob_name(pattern: Path) -> str:
    """What the files of a glob are called together: the fixed part of their name, or the folder."""
    fixed = re.split(r"[*?\[]", _stem(pattern))[0].rstrip("-_. ")
    folders = (part for part in reversed(pattern.parent.parts) if not glob.has_magic(part))
    return fixed or next(folders, "files")


def _reasons(skipped: Sequence[SkippedTable]) -> str:
    return "; ".join(f"`{one.name}` is {one.reason}" for one in skipped[:3])


def _unreadable(path: Path, reader: Format, error: Exception) -> SkippedTable:
    if isinstance(error, SourceError):
        return SkippedTable(path.name, f"{error.message} ({error.help})" if error.help else error.message)
    return SkippedTable(path.name, f"not readable as {reader.name} (`{type(error).__name__}`)")


def _state(paths: Iterable[Path]) -> str:
    """A token of these files: inode, size, time of change."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue
        digest.update(f"{path}\0{status.st_ino}:{status.st_size}:{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:32]
