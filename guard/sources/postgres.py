"""PostgreSQL: `postgresql://user@host:5432/database`, read-only, with pinned settings."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from guard.errors import SourceError
from guard.model import Column, ColumnFunction, Dataset, EnforcedQuery, Table, TableKind, TableName
from guard.sources import postgres_arrow, postgres_sample
from guard.sources import postgres_catalogue as catalogue
from guard.sources.binding import bind
from guard.sources.names import matching
from guard.sources.pool import Pool
from guard.sources.postgres_exchange import Answer
from guard.sources.postgres_session import Session, checked, refusal
from guard.sources.source import Limits, Meanwhile, nothing
from guard.sources.write import Written

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")

SCHEMES = ("postgresql", "postgres")
FRESH_SECONDS = 1.0  # how long one look at the catalogue's version counts
CATALOGUE = Limits(seconds=30.0)
DEFAULT_PORT = 5432


def connect(where: str, *, name: str | None = None, root: Path | None = None) -> PostgreSQL:  # noqa: ARG001
    """Opens a database."""
    return PostgreSQL(where)


class PostgreSQL:
    """One database of a server."""

    dialect = "postgres"

    def __init__(self, url: str) -> None:
        self._parameters = checked(url)
        host = str(self._parameters.get("host") or "localhost")
        address = f"{host}:{self._parameters.get('port') or DEFAULT_PORT}"
        self.uri = f"postgresql://{address}/{self._parameters.get('dbname') or ''}"
        self.namespace = f"postgres://{address}"
        self._pool: Pool[Session] = Pool(self._session, lambda session: session.close())
        self._version = ""
        self._looked = 0.0
        with self._pool.take() as lease:
            self.catalog = lease.connection.database
            self.default_schema = lease.connection.schema

    def __repr__(self) -> str:
        return f"PostgreSQL({self.uri!r})"

    def tables(self, only: Sequence[str] | None = None) -> tuple[Table, ...]:
        """Tables, partitions, views, materialised views and foreign tables of the user's schemas."""
        columns: dict[int, list[Column]] = {}
        for oid, *column in self._rows(catalogue.COLUMNS):
            columns.setdefault(oid, []).append(Column(*column))
        found = (
            Table(
                name=TableName(name, schema),
                dataset=Dataset(self.namespace, f"{self.catalog}.{schema}.{name}"),
                columns=tuple(columns.get(oid, ())),
                kind=_kind(kind, partition),
                rows=rows,
                comment=comment,
                definition=definition.rstrip(";").strip(),
                identity=str(oid),
            )
            for oid, schema, name, kind, partition, rows, comment, definition in self._rows(catalogue.RELATIONS)
        )
        return matching(found, only)

    def version(self) -> str:
        """A digest of names, types and view definitions; at most a second old."""
        if not self._version or time.monotonic() - self._looked > FRESH_SECONDS:
            self._version = self._rows(catalogue.VERSION)[0][0]
            self._looked = time.monotonic()
        return self._version

    def marks(self, tables: Sequence[Table]) -> Mapping[TableName, str]:
        """File node, size and the server's counts of changed rows, with those of all partitions and children.

        Views and foreign tables have none, nor has anything where the server does not count (`track_counts`).
        """
        by_number = {int(table.identity): table.name for table in tables}
        found = self._rows(catalogue.MARKS)
        return {by_number[number]: mark for number, mark in found if number in by_number}

    def sample(self, table: Table, *, rows: int, seed: int, limits: Limits) -> pa.Table:
        """Random rows; a large table by random pages, a view by random rows of its beginning."""
        if table.kind in ("view", "foreign"):
            return self._arrow(postgres_sample.from_view(table, rows=rows, seed=seed, whole=limits.whole), (), limits)
        size = self._rows(catalogue.SIZE, (int(table.identity),), limits)
        if not size:
            raise SourceError(f"`{table.name}` is no longer there", help="scan again")
        _, size_bytes, tuples, pages = size[0]
        share = postgres_sample.share_of(rows, size=size_bytes, tuples=tuples, pages=pages)
        while True:
            sql = postgres_sample.from_table(table, share, rows=rows, seed=seed, single=limits.whole)
            found = self._arrow(sql, (), limits)
            if found.num_rows >= rows or share >= 100:
                return found
            share = min(100.0, share * 20)  # emptier than its statistics say

    def run(self, query: EnforcedQuery, *, limits: Limits, meanwhile: Meanwhile = nothing) -> pa.Table:
        """The answer of an enforced query."""
        bound = bind(query, "numbered")
        # The wrapping bounds the answer on the server and admits nothing but a SELECT; a subquery keeps its order.
        sql = f"SELECT * FROM ({bound.sql}\n) AS guard_answer LIMIT {limits.rows + 1}"
        found = self._arrow(sql, bound.values(query.parameters), limits, meanwhile)
        if found.num_rows > limits.rows:
            raise SourceError(f"the answer has more than {limits.rows} rows", help="narrow the query or add a LIMIT")
        return found

    def write(self, query: EnforcedQuery, *, limits: Limits) -> Written:
        """Runs one enforced write in a session of its own."""
        import psycopg

        bound = bind(query, "numbered")
        session = Session(self._parameters, shown=self.uri, writes=True)
        try:
            rows, returned = session.write(bound.sql, bound.values(query.parameters), limits)
        except psycopg.Error as error:
            failure = refusal(error, limits)
        else:
            self._looked = 0.0  # CREATE TABLE AS made a table
            return Written(rows, returned)
        finally:
            session.close()
        raise failure

    def relations(self, query: EnforcedQuery) -> frozenset[TableName] | None:
        """The relations in the server's own plan; None when it calls a function that could read anything.

        A partition that the plan reads counts as its parent when the query names the parent.
        """
        bound = bind(query, "numbered")
        explain = f"EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) SELECT * FROM ({bound.sql}\n) AS guard_answer"
        try:
            plan = json.loads(self._rows(explain, bound.values(query.parameters))[0][0])
        except SourceError:
            return None
        found: set[TableName] = set()
        for node in _nodes(plan[0]["Plan"]):
            name, schema, kind = node.get("Relation Name"), node.get("Schema", ""), node["Node Type"]
            if name is not None:
                found.add(TableName(name, schema))
            elif kind in ("Foreign Scan", "Custom Scan") or (kind == "Function Scan" and schema != "pg_catalog"):
                return None
        named = {TableName(table.name, table.schema or self.default_schema) for table in query.tables}
        return frozenset(self._named_ancestor(table, named) for table in found)

    def provide(self, name: str, function: ColumnFunction) -> bool:  # noqa: ARG002
        """False: the server cannot call into this process."""
        return False

    def close(self) -> None:
        """Ends all sessions; safe to call twice."""
        self._pool.close()

    def _named_ancestor(self, table: TableName, named: set[TableName]) -> TableName:
        if table in named:
            return table
        parents = (TableName(*row) for row in self._rows(catalogue.ANCESTORS, (table.schema, table.name)))
        return next((parent for parent in parents if parent in named), table)

    def _session(self) -> Session:
        return Session(self._parameters, shown=self.uri)

    def _rows(self, sql: str, values: Sequence[Any] = (), limits: Limits = CATALOGUE) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._select(sql, values, limits, lambda answer: answer.fetchall())
        return rows

    def _arrow(self, sql: str, values: Sequence[Any], limits: Limits, meanwhile: Meanwhile = nothing) -> pa.Table:
        def read(answer: Answer) -> pa.Table:
            return postgres_arrow.table(answer.pgresult, answer.fetchall)

        return self._select(sql, values, limits, read, meanwhile)

    def _select(
        self,
        sql: str,
        values: Sequence[Any],
        limits: Limits,
        read: Callable[[Answer], T],
        meanwhile: Meanwhile = nothing,
    ) -> T:
        """Runs a statement; once more when only the session was at fault."""
        import psycopg

        for attempt in (1, 2):
            failure: SourceError | None = None
            with self._pool.take() as lease:
                try:
                    return lease.connection.select(sql, values, limits, read, meanwhile)
                except psycopg.Error as error:
                    lease.broken = lease.connection.broken
                    # A prepared statement whose table changed is refused once; a new session plans it anew.
                    stale = isinstance(error, psycopg.errors.FeatureNotSupported)
                    again = attempt == 1 and (lease.broken or stale)
                    lease.broken = lease.broken or stale
                    failure = refusal(error, limits)
            if not again:
                raise failure
            self._pool.clear()
        raise AssertionError


def _kind(letter: str, partition: bool) -> TableKind:  # noqa: FBT001 - a row of the catalogue
    kinds: dict[str, TableKind] = {
        "r": "table",
        "p": "table",
        "v": "view",
        "m": "materialized_view",
        "f": "foreign",
    }
    return "partition" if partition and letter in ("r", "p") else kinds[letter]


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    waiting = [plan]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.get("Plans", ())
