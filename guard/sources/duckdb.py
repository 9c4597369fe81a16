"""DuckDB database files: `duckdb:///lake.db`, or a path to a file that DuckDB wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from guard.errors import SourceError
from guard.model import ColumnFunction, EnforcedQuery, Table, TableName
from guard.sources.binding import bind
from guard.sources.deadline import deadline
from guard.sources.duckdb_answer import TooManyRowsError, answer
from guard.sources.duckdb_engine import Connection, DuckDBEngine, lock, pinned_config
from guard.sources.duckdb_tables import DuckDBTables
from guard.sources.marks import of_files
from guard.sources.names import absolute, path_of
from guard.sources.source import Limits, Meanwhile, nothing
from guard.sources.write import Written

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMES = ("duckdb",)
MAGIC = b"DUCK"  # at offset 8 of a database file
MAGIC_OFFSET = 8


def accepts(path: Path) -> bool:
    """True for a file that DuckDB wrote."""
    try:
        with path.open("rb") as file:
            return file.read(MAGIC_OFFSET + len(MAGIC))[MAGIC_OFFSET:] == MAGIC
    except OSError:
        return False


def connect(where: str, *, name: str | None = None, root: Path | None = None) -> DuckDBFile:  # noqa: ARG001
    """Opens `duckdb:///...` or a path, read-only."""
    return DuckDBFile(path_of(where, "duckdb", root) if "://" in where else absolute(where, root), uri=where)


class DuckDBFile:
    """One database file, opened read-only; a file that was replaced is opened anew."""

    dialect = "duckdb"
    default_schema = "main"

    def __init__(self, path: Path, *, uri: str) -> None:
        if not path.is_file():
            raise SourceError(
                f"`{uri}` is not a file", help="check the path; three slashes are relative, four absolute"
            )
        self.uri = uri
        self._path = path
        self.namespace = f"duckdb://{path}"
        self._open()

    def tables(self, only: Sequence[str] | None = None) -> tuple[Table, ...]:
        """All tables and views of all schemas."""
        self._follow()
        return self._inner.tables(only)

    def version(self) -> str:
        """Which file stands at the path, and what is in it: guard's read lock lets nobody write while it is open."""
        self._follow()
        return self._version

    def marks(self, tables: Sequence[Table]) -> Mapping[TableName, str]:
        """Inode, size and times of the file and its log: DuckDB tells of no table by itself whether it changed."""
        mark = of_files((self._path, self._path.with_name(f"{self._path.name}.wal")))
        return {table.name: mark for table in tables} if mark else {}

    def sample(self, table: Table, *, rows: int, seed: int, limits: Limits) -> pa.Table:
        """A reservoir sample."""
        return self._inner.sample(table, rows=rows, seed=seed, limits=limits)

    def run(self, query: EnforcedQuery, *, limits: Limits, meanwhile: Meanwhile = nothing) -> pa.Table:
        """The answer of an enforced query."""
        return self._inner.run(query, limits=limits, meanwhile=meanwhile)

    def relations(self, query: EnforcedQuery) -> frozenset[TableName] | None:
        """The tables that DuckDB's own plan reads."""
        return self._inner.relations(query)

    def write(self, query: EnforcedQuery, *, limits: Limits) -> Written:
        """Runs one enforced write; the file is open either for readers or for this, so readers wait for it."""
        import duckdb

        bound = bind(query, "dollar")
        values = bound.mapping(query.parameters)
        failure, clock = "", None
        self._inner.engine.close()
        try:
            connection = self._connect(read_only=False)
            try:
                with deadline(limits.seconds, connection.interrupt) as clock:
                    connection.execute("BEGIN")
                    found = answer(connection.execute(bound.sql, values or None), limits.rows)
                    connection.execute("COMMIT")
            except (duckdb.Error, TooManyRowsError) as error:
                failure = type(error).__name__
            finally:
                connection.close()
        finally:
            self._open()
        if clock is not None and clock.expired:
            msg = f"the statement took longer than {limits.seconds:g} s"
            raise SourceError(msg, help="narrow the query or raise the timeout")
        if failure:
            msg = f"DuckDB refused the statement (`{failure}`)"
            raise SourceError(msg, help="run it on the source to see its reason")
        if found.column_names == ["Count"] and " RETURNING " not in query.sql:
            return Written(int(found.column(0)[0].as_py()))
        return Written(found.num_rows, found)

    def provide(self, name: str, function: ColumnFunction) -> bool:
        """DuckDB runs in this process, and calls it."""
        return self._inner.engine.provide(name, function)

    def close(self) -> None:
        """Closes the file; safe to call twice."""
        self._inner.engine.close()

    def _open(self) -> None:
        self._stat = self._status()
        self._inner = DuckDBTables(DuckDBEngine(self._connect), self.namespace)
        self.catalog = self._inner.catalog
        self._version = f"{self._stat}:{self._inner.fingerprint()}"

    def _follow(self) -> None:
        if self._status() != self._stat:
            self._inner.engine.close()
            self._open()

    def _status(self) -> str:
        try:
            status = self._path.stat()
        except OSError:
            raise SourceError(f"`{self.uri}` is no longer there", help="restore the file") from None
        return f"{status.st_dev}:{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"

    def _connect(self, *, read_only: bool = True) -> Connection:
        import duckdb

        config = pinned_config() | {"enable_external_access": "false"}
        try:
            connection = duckdb.connect(str(self._path), read_only=read_only, config=config)
            lock(connection)
        except duckdb.Error as error:
            kind = type(error).__name__
        else:
            return connection
        raise SourceError(
            f"`{self.uri}` cannot be opened as a DuckDB database (`{kind}`)",
            help="close programs that write to it; guard opens it read-only with its own settings",
        )
