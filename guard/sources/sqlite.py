"""SQLite files: `sqlite:///crm.db`, or a path to a file that SQLite wrote.

Opened read-only with `query_only`, an untrusted schema, an authorizer, small limits, and a watched deadline.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from guard.errors import SourceError
from guard.model import Column, ColumnFunction, Dataset, EnforcedQuery, Table, TableName
from guard.sources import sqlite_arrow
from guard.sources.binding import bind
from guard.sources.deadline import deadline
from guard.sources.marks import of_files
from guard.sources.names import absolute, matching, path_of, quoted, quoted_table
from guard.sources.pool import Pool
from guard.sources.source import Limits, Meanwhile, nothing
from guard.sources.sqlite_authorizer import Authorizer
from guard.sources.sqlite_sample import rowid_name, rows_of
from guard.sources.write import Written

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMES = ("sqlite",)
MAGIC = b"SQLite format 3\0"
HEADER_BYTES = 100
CHANGE_COUNTER = slice(24, 28)  # of the header (the file format, section 1.3.7)
BUSY_SECONDS = 5.0
CATALOGUE_SECONDS = 30.0
COUNT_UP_TO = 100_000  # rows counted where there is no rowid to tell the number

LIMITS = {
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 100,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 500,
    sqlite3.SQLITE_LIMIT_LENGTH: 64 << 20,  # bytes of one value
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 1 << 20,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}


def accepts(path: Path) -> bool:
    """True for a file that SQLite wrote."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def register_functions(connection: sqlite3.Connection) -> None:
    """Gives a connection the functions that the SQL forms of masks call: `guard_sha256`."""
    connection.create_function("guard_sha256", 1, _sha256, deterministic=True)


def connect(where: str, *, name: str | None = None, root: Path | None = None) -> SQLiteFile:  # noqa: ARG001
    """Opens `sqlite:///...` or a path, read-only."""
    return SQLiteFile(path_of(where, "sqlite", root) if "://" in where else absolute(where, root), uri=where)


class SQLiteFile:
    """One database file."""

    dialect = "sqlite"
    default_schema = "main"
    catalog = ""

    def __init__(self, path: Path, *, uri: str) -> None:
        if not path.is_file():
            raise SourceError(
                f"`{uri}` is not a file", help="check the path; three slashes are relative, four absolute"
            )
        self.uri = uri
        self.namespace = f"sqlite://{path}"
        self._path = path
        self._lock = threading.Lock()
        self._pool: Pool[sqlite3.Connection] = Pool(self._guarded, lambda connection: connection.close())
        self._catalogue: Pool[sqlite3.Connection] = Pool(self._plain, lambda connection: connection.close(), size=2)
        self._inode = self._status()
        self._rowids: dict[TableName, str | None] = {}
        self.version()  # a file that is no database fails here

    def tables(self, only: Sequence[str] | None = None) -> tuple[Table, ...]:
        """All tables and views but SQLite's own."""
        self._follow()
        listed = self._ask(
            "SELECT l.name, l.type, l.wr, m.rootpage, m.sql FROM pragma_table_list AS l"
            " JOIN sqlite_schema AS m ON m.name = l.name"
            " WHERE l.schema = 'main' AND l.type IN ('table', 'view', 'virtual') AND substr(l.name, 1, 7) <> 'sqlite_'"
            " ORDER BY l.name"
        )
        return matching((self._table(*row) for row in listed), only)

    def version(self) -> str:
        """Which file stands at the path, and SQLite's own count of schema changes."""
        self._follow()
        return f"{self._inode}:{self._schema_version()}"

    def marks(self, tables: Sequence[Table]) -> Mapping[TableName, str]:
        """Inode, size and times of the file and its write-ahead log, and SQLite's own count of changes in its header.

        SQLite tells of no table by itself whether it changed.
        """
        mark = of_files((self._path, self._path.with_name(f"{self._path.name}-wal")))
        try:
            with self._path.open("rb") as file:
                changes = file.read(HEADER_BYTES)[CHANGE_COUNTER]
        except OSError:
            return {}
        return {table.name: f"{mark}:{changes.hex()}" for table in tables} if mark else {}

    def sample(self, table: Table, *, rows: int, seed: int, limits: Limits) -> pa.Table:
        """Random rows; the same seed on the same data gives the same rows."""
        if table.name not in self._rowids:
            self.tables([str(table.name)])
        rowid = self._rowids.get(table.name)
        with self._pool.take() as lease:
            found = self._guarded_call(
                lease.connection,
                limits,
                lambda connection: rows_of(connection, table, rowid, rows=rows, seed=seed, whole=limits.whole),
            )
        return sqlite_arrow.table([column.name for column in table.columns], found)

    def run(self, query: EnforcedQuery, *, limits: Limits, meanwhile: Meanwhile = nothing) -> pa.Table:
        """The answer of an enforced query."""
        bound = bind(query, "colon")
        values = {name: sqlite_arrow.parameter(value) for name, value in bound.mapping(query.parameters).items()}

        meanwhile()

        def fetch(connection: sqlite3.Connection) -> tuple[list[str], list[tuple[Any, ...]]]:
            cursor = connection.execute(bound.sql, values)
            rows = cursor.fetchmany(limits.rows + 1)
            cursor.close()
            if cursor.description is None:
                raise SourceError("the statement is not a SELECT", help="send one SELECT statement")
            return [column[0] for column in cursor.description], rows

        with self._pool.take() as lease:
            names, rows = self._guarded_call(lease.connection, limits, fetch)
        if len(rows) > limits.rows:
            raise SourceError(f"the answer has more than {limits.rows} rows", help="narrow the query or add a LIMIT")
        return sqlite_arrow.table(names, rows)

    def write(self, query: EnforcedQuery, *, limits: Limits) -> Written:
        """Runs one enforced write on a connection of its own."""
        bound = bind(query, "colon")
        values = {name: sqlite_arrow.parameter(value) for name, value in bound.mapping(query.parameters).items()}

        def run(connection: sqlite3.Connection) -> Written:
            connection.execute("BEGIN IMMEDIATE")
            cursor = connection.execute(bound.sql, values)
            rows = cursor.fetchall() if cursor.description else []
            names = [column[0] for column in cursor.description or ()]
            count = cursor.rowcount if cursor.rowcount >= 0 else None
            connection.execute("COMMIT")
            return Written(len(rows) if names else count, sqlite_arrow.table(names, rows) if names else None)

        connection = self._open(mode="rw")
        try:
            done: Written = self._guarded_call(connection, limits, run)
        finally:
            connection.close()  # what was not committed is gone with it
        return done

    def relations(self, query: EnforcedQuery) -> frozenset[TableName] | None:
        """The tables that SQLite's authorizer was asked about when the statement was prepared."""
        bound = bind(query, "colon")
        values = {name: sqlite_arrow.parameter(value) for name, value in bound.mapping(query.parameters).items()}
        asked = Authorizer()
        # A connection of its own: a prepared statement that is kept is not asked about again.
        connection = self._open(cached_statements=0)
        try:
            connection.set_authorizer(asked)
            connection.execute(f"EXPLAIN {bound.sql}", values).close()
        except sqlite3.Error:
            return None
        finally:
            connection.close()
        views = {row[0] for row in self._ask("SELECT name FROM sqlite_schema WHERE type = 'view'")}
        return frozenset(TableName(name, "main") for name in asked.read - views)

    def provide(self, name: str, function: ColumnFunction) -> bool:  # noqa: ARG002
        """False: SQLite would call it once a row, which costs more than the SQL form."""
        return False

    def close(self) -> None:
        """Closes the file; safe to call twice."""
        self._pool.close()
        self._catalogue.close()

    # --- connections ---------------------------------------------------------------------------------------

    def _open(self, cached_statements: int = 128, mode: str = "ro") -> sqlite3.Connection:
        failure = ""
        try:
            connection = sqlite3.connect(
                f"{self._path.as_uri()}?mode={mode}",
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=cached_statements,
            )
            connection.execute(f"PRAGMA query_only = {'ON' if mode == 'ro' else 'OFF'}")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
        except sqlite3.Error as error:
            failure = _code(error)
        if failure:
            raise SourceError(f"`{self.uri}` cannot be opened as a SQLite database (`{failure}`)")
        for limit, value in LIMITS.items():
            connection.setlimit(limit, value)
        connection.text_factory = _decoded
        register_functions(connection)
        return connection

    def _plain(self) -> sqlite3.Connection:
        """For guard's own questions about the schema."""
        return self._open()

    def _guarded(self) -> sqlite3.Connection:
        """For queries: from here on the authorizer decides."""
        connection = self._open()
        connection.set_authorizer(Authorizer())
        return connection

    def _guarded_call(self, connection: sqlite3.Connection, limits: Limits, call: Any) -> Any:
        """Runs `call` under the deadline; SQLite's text, which may hold names of hidden things, stays here."""
        failure = ""
        clock = None
        try:
            with deadline(limits.seconds, connection.interrupt) as clock:
                return call(connection)
        except sqlite3.Warning:
            failure = "not one statement"
        except (sqlite3.Error, OverflowError) as error:
            failure = _code(error)
        if clock is not None and clock.expired:
            raise SourceError(
                f"the statement took longer than {limits.seconds:g} s", help="narrow the query or raise the timeout"
            )
        raise SourceError(f"SQLite refused the statement (`{failure}`)", help="run it on the source to see its reason")

    def _ask(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._catalogue.take() as lease:
            rows: list[tuple[Any, ...]] = self._guarded_call(
                lease.connection,
                Limits(seconds=CATALOGUE_SECONDS),
                lambda connection: connection.execute(sql, values).fetchall(),
            )
        return rows

    def _schema_version(self) -> int:
        """Asked before every query: one page of the file, so that no deadline need watch it."""
        with self._catalogue.take() as lease:
            try:
                found: int = lease.connection.execute("PRAGMA schema_version").fetchone()[0]
            except sqlite3.Error as error:
                failure = _code(error)
            else:
                return found
        raise SourceError(f"`{self.uri}` cannot be read as a SQLite database (`{failure}`)")

    def _status(self) -> str:
        try:
            status = os.stat(self._path)  # noqa: PTH116 - half the price of `Path.stat`, before every query
        except OSError:
            raise SourceError(f"`{self.uri}` is no longer there", help="restore the file") from None
        return f"{status.st_dev}:{status.st_ino}"

    def _follow(self) -> None:
        """Leaves a file that was replaced: an open connection would go on reading the old one."""
        inode = self._status()
        if inode != self._inode:
            with self._lock:
                self._pool.clear()
                self._catalogue.clear()
                self._inode = inode

    # --- the catalogue -------------------------------------------------------------------------------------

    def _table(self, name: str, kind: str, without_rowid: int, rootpage: int, sql: str | None) -> Table:
        # `table_xinfo` also lists generated columns; hidden = 1 are the arguments of virtual tables.
        columns = tuple(
            Column(row[0], row[1] or "", nullable=not row[2] and not row[3])
            for row in self._columns(name)
            if row[4] != 1
        )
        table = Table(
            name=TableName(name, "main"),
            dataset=Dataset(self.namespace, name),
            columns=columns,
            kind="view" if kind == "view" else "table",
            definition=_definition(sql or "") if kind == "view" else "",
            identity=f"{rootpage}:{hashlib.sha256((sql or '').encode()).hexdigest()[:24]}",
        )
        rowid = rowid_name(table, has_rowid=kind == "table" and not without_rowid)
        self._rowids[table.name] = rowid
        return msgspec.structs.replace(table, rows=self._rows(table, rowid, kind))

    def _columns(self, name: str) -> list[tuple[Any, ...]]:
        try:
            return self._ask('SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?)', (name,))
        except SourceError:
            return []  # a view over a table that is gone, a virtual table without its module

    def _rows(self, table: Table, rowid: str | None, kind: str) -> int | None:
        target = quoted_table(table.name, "sqlite")
        if kind != "table":
            return None
        if rowid is not None:
            return int(self._ask(f"SELECT coalesce(max({rowid}), 0) FROM {target}")[0][0])
        first = quoted(table.columns[0].name, "sqlite")
        counted = self._ask(f"SELECT count(*) FROM (SELECT {first} FROM {target} LIMIT ?)", (COUNT_UP_TO + 1,))[0][0]
        return int(counted) if counted <= COUNT_UP_TO else None


def _sha256(value: Any) -> bytes | None:
    """The SQL function `guard_sha256(blob) -> blob`: the raw 32-byte digest; text counts as UTF-8, NULL stays NULL."""
    if value is None:
        return None
    if isinstance(value, str):
        value = value.encode()
    if not isinstance(value, bytes):
        msg = "guard_sha256 takes a blob"
        raise TypeError(msg)
    return hashlib.sha256(value).digest()


def _decoded(raw: bytes) -> str:
    """Text as UTF-8; SQLite does not check, so what is not UTF-8 is marked instead of failing the query."""
    return raw.decode("utf-8", "replace")


def _code(error: Exception) -> str:
    """The name of SQLite's result code, which holds no data."""
    return getattr(error, "sqlite_errorname", None) or type(error).__name__


def _definition(sql: str) -> str:
    """The SELECT inside `CREATE VIEW ... AS SELECT ...`; empty when it is not understood."""
    try:
        body = sqlglot.parse_one(sql, read="sqlite").args.get("expression")
    except SqlglotError:
        return ""
    return body.sql(dialect="sqlite") if isinstance(body, exp.Expression) else ""
