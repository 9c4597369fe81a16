"""Tables in memory: Arrow, polars, pandas, recognised by what they can do and never imported.

SQL on them runs in a private in-memory DuckDB that holds a copy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import msgspec

from guard.errors import SourceError, UsageError
from guard.model import ColumnFunction, Dataset, EnforcedQuery, Table, TableName
from guard.sources.duckdb_engine import Connection, DuckDBEngine, lock, pinned_config
from guard.sources.duckdb_tables import DuckDBTables
from guard.sources.names import quoted
from guard.sources.source import Limits, Meanwhile, nothing

if TYPE_CHECKING:
    import pyarrow as pa

DEFAULT_NAME = "frame"  # what SQL calls a table that came without a name
NAMESPACE = "memory"


def accepts_object(where: object) -> bool:
    """True for a table, or a mapping of names to tables."""
    if isinstance(where, Mapping):
        return bool(where) and all(isinstance(name, str) and _is_table(table) for name, table in where.items())
    return _is_table(where)


def connect_object(where: object, *, name: str | None = None) -> Frames:
    """A source over one table (`name`, or `frame`) or over a mapping of names to tables."""
    tables = where if isinstance(where, Mapping) else {name or DEFAULT_NAME: where}
    return Frames({name: to_arrow(table) for name, table in tables.items()})


def to_arrow(table: object) -> pa.Table:
    """An Arrow, polars or pandas table as `pyarrow.Table`; a pandas index is not data and is left out.

    Raises:
        UsageError: it is none of these, or holds what Arrow cannot.
    """
    import pyarrow as pa

    try:
        if isinstance(table, pa.Table):
            return table
        if isinstance(table, pa.RecordBatch):
            return pa.Table.from_batches([table])
        if _is_pandas(table):
            return pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata(None)
        if callable(collect := getattr(table, "collect", None)) and not hasattr(table, "__arrow_c_stream__"):
            return to_arrow(collect())  # a polars LazyFrame
        if callable(convert := getattr(table, "to_arrow", None)):
            converted = convert()
            return converted if isinstance(converted, pa.Table) else pa.table(converted)
        if hasattr(table, "__arrow_c_stream__"):
            return pa.table(table)
    except (pa.ArrowException, TypeError, ValueError):
        pass  # their text prints cells
    else:
        raise UsageError(
            f"a `{type(table).__name__}` is not a table", help="pass an Arrow, polars or pandas table, or a URI"
        )
    raise UsageError(f"a `{type(table).__name__}` cannot be read as Arrow", help="give each column one type")


class Frames:
    """Named tables in memory."""

    dialect = "duckdb"
    default_schema = "main"
    namespace = NAMESPACE

    def __init__(self, frames: Mapping[str, pa.Table]) -> None:
        self._frames = dict(frames)
        self.uri = f"memory:{','.join(self._frames)}"
        self._inner = DuckDBTables(DuckDBEngine(self._connect), NAMESPACE, self._describe)
        self.catalog = self._inner.catalog
        self._version = self._inner.fingerprint()

    def tables(self, only: Sequence[str] | None = None) -> tuple[Table, ...]:
        """The tables that were handed in."""
        return self._inner.tables(only)

    def version(self) -> str:
        """Fixed: the source holds its own copy."""
        return self._version

    def marks(self, tables: Sequence[Table]) -> Mapping[TableName, str]:  # noqa: ARG002 - the port's signature
        """None: a table in memory leaves no trace of its changes."""
        return {}

    def sample(self, table: Table, *, rows: int, seed: int, limits: Limits) -> pa.Table:
        """A reservoir sample."""
        return self._inner.sample(table, rows=rows, seed=seed, limits=limits)

    def run(self, query: EnforcedQuery, *, limits: Limits, meanwhile: Meanwhile = nothing) -> pa.Table:
        """The answer of an enforced query."""
        return self._inner.run(query, limits=limits, meanwhile=meanwhile)

    def relations(self, query: EnforcedQuery) -> frozenset[TableName] | None:
        """The tables that DuckDB's own plan reads."""
        return self._inner.relations(query)

    def provide(self, name: str, function: ColumnFunction) -> bool:
        """DuckDB runs in this process, and calls it."""
        return self._inner.engine.provide(name, function)

    def close(self) -> None:
        """Drops the copy; safe to call twice."""
        self._inner.engine.close()

    def _describe(self, table: Table) -> Table:
        return msgspec.structs.replace(table, kind="frame", dataset=Dataset(NAMESPACE, table.name.name))

    def _connect(self) -> Connection:
        import duckdb

        connection = duckdb.connect(":memory:", config=pinned_config())
        for name, frame in self._frames.items():
            connection.register("guard_frame", frame)
            try:
                connection.execute(f"CREATE TABLE {quoted(name, 'duckdb')} AS SELECT * FROM guard_frame")
            except duckdb.Error as error:
                kind = type(error).__name__
            else:
                connection.unregister("guard_frame")
                continue
            raise SourceError(f"`{name}` cannot be queried (`{kind}`)", help="give its columns types that SQL has")
        lock(connection)
        return connection


def _is_pandas(table: object) -> bool:
    return type(table).__module__.split(".")[0] == "pandas" and type(table).__name__ == "DataFrame"


def _is_table(where: object) -> TypeGuard[Any]:
    """By duck typing: whatever streams Arrow, or turns itself into Arrow."""
    if isinstance(where, str | bytes | Path):
        return False
    return (
        hasattr(where, "__arrow_c_stream__")
        or hasattr(where, "__arrow_c_array__")
        or hasattr(where, "to_arrow")
        or _is_pandas(where)
        or (type(where).__module__.split(".")[0] == "polars" and hasattr(where, "collect"))
    )
