"""MariaDB and MySQL: `mariadb://user@host:3306/database`, read-only, with pinned settings."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from guard.errors import SourceError
from guard.model import Column, ColumnFunction, Dataset, EnforcedQuery, Table, TableName
from guard.sources import mariadb_arrow, mariadb_sample
from guard.sources import mariadb_catalogue as catalogue
from guard.sources.binding import bind
from guard.sources.mariadb_session import Session, checked, is_broken, refusal
from guard.sources.names import matching
from guard.sources.pool import Pool
from guard.sources.source import Limits, Meanwhile, nothing
from guard.sources.write import Written

if TYPE_CHECKING:
    import pyarrow as pa
    from pymysql.cursors import SSCursor

T = TypeVar("T")

SCHEMES = ("mariadb", "mysql")
FRESH_SECONDS = 1.0  # how long one look at the catalogue's version counts
CATALOGUE = Limits(seconds=30.0)
_WHOLE_KEYS = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})


def connect(where: str, *, name: str | None = None, root: Path | None = None) -> MariaDB:  # noqa: ARG001
    """Opens a database."""
    return MariaDB(where)


class MariaDB:
    """One database of a server; the others are not known to guard."""

    dialect = "mysql"
    catalog = ""

    def __init__(self, url: str) -> None:
        self._arguments = checked(url)
        address = f"{self._arguments['host']}:{self._arguments['port']}"
        self.uri = f"mariadb://{address}/{self._arguments['database']}"
        self.namespace = f"mysql://{address}"
        self._pool: Pool[Session] = Pool(self._session, lambda session: session.close())
        self._version = ""
        self._looked = 0.0
        with self._pool.take() as lease:
            self.default_schema: str = lease.connection.database

    def __repr__(self) -> str:
        return f"MariaDB({self.uri!r})"

    def tables(self, only: Sequence[str] | None = None) -> tuple[Table, ...]:
        """Tables and views of the database."""
        columns: dict[tuple[str, str], list[Column]] = {}
        for schema, name, column, kind, nullable, comment in self._rows(catalogue.COLUMNS):
            columns.setdefault((schema, name), []).append(Column(column, kind, nullable == "YES", comment or ""))
        numbers = self._table_ids()
        found = (
            Table(
                name=TableName(name, schema),
                dataset=Dataset(self.namespace, f"{schema}.{name}"),
                columns=tuple(columns.get((schema, name), ())),
                kind="view" if kind == "VIEW" else "table",
                rows=rows,
                comment="" if kind == "VIEW" else comment or "",
                definition=definition or "",
                identity=f"{numbers.get(f'{schema}/{name}', '')}:{created}:{engine}",
            )
            for schema, name, kind, rows, created, engine, comment, definition in self._rows(catalogue.RELATIONS)
        )
        return matching(found, only)

    def version(self) -> str:
        """A digest of names, types, identities and view definitions; at most a second old."""
        if not self._version or time.monotonic() - self._looked > FRESH_SECONDS:
            seen = [
                (table.name, table.kind, table.identity, table.definition, table.columns) for table in self.tables()
            ]
            self._version = hashlib.sha256(repr(seen).encode()).hexdigest()
            self._looked = time.monotonic()
        return self._version

    def marks(self, tables: Sequence[Table]) -> Mapping[TableName, str]:  # noqa: ARG002 - the port's signature
        """None: the server tells of no table surely whether it changed (`UPDATE_TIME` is empty after a restart)."""
        return {}

    def sample(self, table: Table, *, rows: int, seed: int, limits: Limits) -> pa.Table:
        """Random rows; of a large table from random places of its key, of a view from its beginning."""
        named = {"schema": table.name.schema, "name": table.name.name}
        size = self._rows(catalogue.SIZE, named, limits)
        if not size:
            raise SourceError(f"`{table.name}` is no longer there", help="scan again")
        keys = self._rows(catalogue.KEYS, named, limits)
        key = tuple(name for name, _ in keys)
        if limits.whole or (table.kind == "table" and (size[0][0] or 0) <= mariadb_sample.READ_ALL_BYTES):
            sql = mariadb_sample.from_all(table, key, rows=rows, seed=seed)
        elif table.kind == "table" and len(keys) == 1 and keys[0][1] in _WHOLE_KEYS:
            low, high = self._rows(mariadb_sample.bounds_of(table, key[0]), {}, limits)[0]
            sql = mariadb_sample.from_places(table, key[0], (low or 0, high or 0), rows=rows, seed=seed)
        else:
            sql = mariadb_sample.from_head(table, key, rows=rows, seed=seed)
        return self._select(sql, {}, limits, _whole)

    def run(self, query: EnforcedQuery, *, limits: Limits, meanwhile: Meanwhile = nothing) -> pa.Table:
        """The answer of an enforced query."""
        sql, values = _bound(query)
        meanwhile()

        def read(cursor: SSCursor) -> pa.Table:
            if cursor.description is None:
                raise SourceError("the statement is not a SELECT", help="send one SELECT statement")
            rows = cursor.fetchmany(limits.rows + 1)
            if len(rows) > limits.rows:
                msg = f"the answer has more than {limits.rows} rows"
                raise SourceError(msg, help="narrow the query or add a LIMIT")
            return mariadb_arrow.table(cursor.description, rows)

        return self._select(sql, values, limits, read)

    def write(self, query: EnforcedQuery, *, limits: Limits) -> Written:
        """Runs one enforced write in a session of its own."""
        import pymysql

        bound = bind(query, "pyformat")
        values = bound.mapping(query.parameters)
        session = Session(self._arguments, shown=self.uri, writes=True)
        try:
            rows, returned = session.write(bound.sql if values else bound.sql.replace("%%", "%"), values, limits)
        except (pymysql.MySQLError, OSError, ValueError) as error:
            failure = refusal(error, limits)
        else:
            self._looked = 0.0  # CREATE TABLE AS made a table
            return Written(rows, returned)
        finally:
            session.close()
        raise failure

    def relations(self, query: EnforcedQuery) -> frozenset[TableName] | None:
        """The tables in the statement as the server rewrote it for itself; None when that text is not understood."""
        sql, values = _bound(query)
        try:
            notes: list[tuple[Any, ...]] = self._select(
                f"EXPLAIN EXTENDED {sql}",
                values,
                CATALOGUE,
                lambda cursor: list(cursor.fetchall()),
                after="SHOW WARNINGS",
            )
            return _read_by(next(text for _, number, text in notes if number == _REWRITTEN))
        except (SourceError, SqlglotError, StopIteration):
            return None

    def provide(self, name: str, function: ColumnFunction) -> bool:  # noqa: ARG002
        """False: the server cannot call into this process."""
        return False

    def close(self) -> None:
        """Ends all sessions; safe to call twice."""
        self._pool.close()

    def _table_ids(self) -> dict[str, str]:
        try:
            return {name: str(number) for name, number in self._rows(catalogue.TABLE_IDS)}
        except SourceError:
            return {}  # without the PROCESS right the time of its making tells tables apart

    def _session(self) -> Session:
        return Session(self._arguments, shown=self.uri)

    def _rows(
        self, sql: str, values: Mapping[str, Any] | None = None, limits: Limits = CATALOGUE
    ) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._select(sql, values or {}, limits, lambda cursor: list(cursor.fetchall()))
        return rows

    def _select(
        self, sql: str, values: Mapping[str, Any], limits: Limits, read: Callable[[SSCursor], T], *, after: str = ""
    ) -> T:
        """Runs a statement; once more when only the connection was at fault."""
        import pymysql

        for attempt in (1, 2):
            with self._pool.take() as lease:
                try:
                    return lease.connection.select(sql, values, limits, read, after=after)
                except (pymysql.MySQLError, OSError, ValueError) as error:
                    lease.broken = is_broken(error) or not isinstance(error, pymysql.MySQLError)
                    again = attempt == 1 and lease.broken and isinstance(error, pymysql.MySQLError)
                    failure = refusal(error, limits)
            if not again:
                raise failure
            self._pool.clear()
        raise AssertionError


def _bound(query: EnforcedQuery) -> tuple[str, dict[str, Any]]:
    bound = bind(query, "pyformat")
    if not _only_reads(bound.sql):
        raise SourceError("the statement is not a SELECT that only reads", help="send one SELECT statement")
    values = bound.mapping(query.parameters)
    return (bound.sql if values else bound.sql.replace("%%", "%")), values  # without values the driver leaves `%` alone


@lru_cache(2048)
def _only_reads(sql: str) -> bool:
    """False for SET and its kin, and for `SELECT ... INTO OUTFILE`, which a read-only transaction lets through."""
    kinds = [token.token_type for token in sqlglot.tokenize(sql, read="mysql")]
    begins = {TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN, TokenType.VALUES}
    return bool(kinds) and kinds[0] in begins and TokenType.INTO not in kinds and TokenType.SEMICOLON not in kinds


_REWRITTEN = 1003  # the note in which EXPLAIN EXTENDED prints the statement as the optimiser has it


def _whole(cursor: SSCursor) -> pa.Table:
    return mariadb_arrow.table(cursor.description or (), cursor.fetchall())


def _read_by(rewritten: str) -> frozenset[TableName]:
    """The tables in the server's own text.

    Raises:
        SqlglotError: it cannot be parsed.
    """
    tree = sqlglot.parse_one(rewritten, read="mysql")
    return frozenset(TableName(node.name, node.text("db")) for node in tree.find_all(exp.Table) if node.args.get("db"))
