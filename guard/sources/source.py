"""The port of every source: where data lives, read-only, bounded.

One module a kind of source stands beside this one. A source never writes, never logs a value, and never puts a
password into `uri`, an error or a representation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

from guard.model import ColumnFunction, EnforcedQuery, Table, TableName, Value

if TYPE_CHECKING:
    import pyarrow as pa


Meanwhile: TypeAlias = Callable[[], None]


def nothing() -> None:
    """Done meanwhile."""


class Limits(Value, frozen=True):
    """Bounds of one read. Reaching `rows` truncates a sample and is an error for a query."""

    rows: int = 1_000_000
    seconds: float = 30.0  # statement timeout
    whole: bool = False  # a sample may read all of a table, so that each row has the same chance to be in it


class Source(Protocol):
    """A place with tables.

    Attributes:
        uri: the URI as given, without secrets.
        namespace: OpenLineage's name of the source.
        dialect: sqlglot's name of its SQL.
        default_schema: where an unqualified table name is looked up; the search path is pinned to it.
        catalog: the name of the current database, empty where the engine has none.
    """

    uri: str
    namespace: str
    dialect: str
    default_schema: str
    catalog: str

    def tables(self, only: Sequence[str] | None = None) -> tuple[Table, ...]:
        """All relations with columns, comments, estimated rows, identity; or those whose names match `only` globs.

        Raises:
            SourceError: the source cannot be read.
        """

    def version(self) -> str:
        """A cheap token that changes when any table's schema or identity changes (the catalogue is then stale)."""

    def marks(self, tables: Sequence[Table]) -> Mapping[TableName, str]:
        """For each table a mark (`guard.sources.marks`) that differs when its data may have changed since another one.

        Reads no cell. A table that is not among them cannot be told unchanged, and is read at every scan.
        """

    def sample(self, table: Table, *, rows: int, seed: int, limits: Limits) -> pa.Table:
        """At most `rows` rows of `table`, chosen by `seed`; the same seed on the same data gives the same rows.

        A large table may be sampled by its pages or the places of its key, a view by its beginning, unless
        `limits.whole` asks for a sample of single rows.

        Raises:
            SourceError: this table cannot be read; the others may still be.
        """

    def run(self, query: EnforcedQuery, *, limits: Limits, meanwhile: Meanwhile = nothing) -> pa.Table:
        """The answer of an enforced query as Arrow.

        `meanwhile` is called when the engine is at work or about to be: what it starts goes on beside the query.

        Raises:
            SourceError: the engine refused it; the message never holds the engine's text, which may print cells.
        """

    def relations(self, query: EnforcedQuery) -> frozenset[TableName] | None:
        """The relations that the engine itself would read for this query, or None where it cannot tell."""

    def provide(self, name: str, function: ColumnFunction) -> bool:
        """Makes `function` callable in this source's SQL as a function of one text; False where it cannot be."""

    def close(self) -> None:
        """Releases connections; safe to call twice."""
