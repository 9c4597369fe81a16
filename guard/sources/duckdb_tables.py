"""The part of the source port that every DuckDB-backed source shares: catalogue, sample, run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from guard.model import Column, Dataset, EnforcedQuery, Table, TableKind, TableName
from guard.sources.duckdb_engine import DuckDBEngine
from guard.sources.names import matching, quoted, quoted_table
from guard.sources.source import Limits, Meanwhile, nothing

if TYPE_CHECKING:
    import pyarrow as pa

TEXT_CAP = 4096  # characters of one text cell in a sample
BYTES_CAP = 4096  # bytes of one binary cell in a sample
MAX_SEED = 2**31 - 1
MAX_VIEW_CHARACTERS = 100_000

_COLUMNS = """
SELECT schema_name, table_name, column_name, data_type, is_nullable, coalesce(comment, '')
FROM duckdb_columns() WHERE database_name = current_database() AND NOT internal
ORDER BY schema_name, table_name, column_index
"""
_RELATIONS = """
SELECT schema_name, table_name, 'table', estimated_size, coalesce(comment, ''), sql
FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal
UNION ALL
SELECT schema_name, view_name, 'view', NULL, coalesce(comment, ''), sql
FROM duckdb_views() WHERE database_name = current_database() AND NOT internal
ORDER BY ALL
"""


class DuckDBTables:
    """Relations of one locked database. `describe` lets a kind of source say what stands behind a relation."""

    dialect = "duckdb"
    default_schema = "main"

    def __init__(self, engine: DuckDBEngine, namespace: str, describe: Callable[[Table], Table] | None = None) -> None:
        self.engine = engine
        self.namespace = namespace
        self.catalog: str = engine.rows("SELECT current_database()")[0][0]
        self._describe = describe

    def tables(self, only: Sequence[str] | None = None) -> tuple[Table, ...]:
        """All relations, or those that match."""
        columns: dict[tuple[str, str], list[Column]] = {}
        for schema, relation, *column in self.engine.rows(_COLUMNS):
            columns.setdefault((schema, relation), []).append(Column(*column))
        found = (
            self._table(schema, name, kind, rows, comment, sql, tuple(columns.get((schema, name), ())))
            for schema, name, kind, rows, comment, sql in self.engine.rows(_RELATIONS)
        )
        return matching(found, only)

    def fingerprint(self) -> str:
        """A digest of all names and types."""
        rows = [
            *self.engine.rows(_COLUMNS),
            *((row[0], row[1], row[2], row[5]) for row in self.engine.rows(_RELATIONS)),
        ]
        return hashlib.sha256(msgspec.json.encode(rows)).hexdigest()[:32]

    def sample(self, table: Table, *, rows: int, seed: int, limits: Limits) -> pa.Table:
        """A reservoir sample; the same seed on the same data gives the same rows."""
        columns = ", ".join(_capped(column) for column in table.columns)
        sql = f"SELECT {columns} FROM {quoted_table(table.name, 'duckdb')}"
        if not rows:
            return self.engine.query(f"{sql} LIMIT 0", {}, limits)
        seeded = f"{sql} USING SAMPLE reservoir({int(rows)} ROWS) REPEATABLE ({int(seed) % MAX_SEED})"
        return self.engine.query(seeded, {}, Limits(rows=rows, seconds=limits.seconds))

    def run(self, query: EnforcedQuery, *, limits: Limits, meanwhile: Meanwhile = nothing) -> pa.Table:
        """The answer of an enforced query."""
        return self.engine.run(query, limits, meanwhile)

    def relations(self, query: EnforcedQuery) -> frozenset[TableName] | None:
        """The tables that DuckDB's own plan reads."""
        return self.engine.relations(query)

    def _table(
        self,
        schema: str,
        name: str,
        kind: TableKind,
        rows: int | None,
        comment: str,
        sql: str,
        columns: tuple[Column, ...],
    ) -> Table:
        table = Table(
            name=TableName(name, schema),
            dataset=Dataset(self.namespace, f"{schema}.{name}"),
            columns=columns,
            kind=kind,
            rows=rows,
            comment=comment,
            definition=_definition(sql) if kind == "view" else "",
            identity=hashlib.sha256(sql.encode()).hexdigest()[:32],
        )
        return self._describe(table) if self._describe else table


def _capped(column: Column) -> str:
    """The column, cut where one cell could fill the memory."""
    name = quoted(column.name, "duckdb")
    if column.type == "VARCHAR":
        return f"left({name}, {TEXT_CAP}) AS {name}"
    if column.type == "JSON":
        return f"left(CAST({name} AS VARCHAR), {TEXT_CAP}) AS {name}"
    if column.type == "BLOB":
        return f"{name}[1:{BYTES_CAP}] AS {name}"
    return name


def _definition(sql: str) -> str:
    """The SELECT inside `CREATE VIEW ... AS SELECT ...`; empty when it is not understood."""
    if len(sql) > MAX_VIEW_CHARACTERS:
        return ""
    try:
        created = sqlglot.parse_one(sql, read="duckdb")
    except SqlglotError:
        return ""
    body = created.args.get("expression")
    return body.sql(dialect="duckdb") if isinstance(body, exp.Expression) else ""
