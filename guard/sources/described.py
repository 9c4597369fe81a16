"""A warehouse that guard cannot reach, described in a file: `described:///warehouse.yml`.

    dialect: snowflake
    schema: CRM
    tables:
      CUSTOMERS: {ID: "NUMBER(38,0)", PHONE: VARCHAR}

guard decides and rewrites over it (`check`, `explain`, `rewrite`), labels come from names, and the enforced SQL is run
by whoever reaches the warehouse. Nothing is ever read from it, so a column whose name says nothing stays unclassified
until a person labels it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import yaml
from msgspec import Meta
from sqlglot import Dialect

from guard.errors import SourceError, UsageError
from guard.model import Column, ColumnFunction, Dataset, EnforcedQuery, Table, TableName, Value
from guard.sources.names import matching, path_of
from guard.sources.source import Limits, Meanwhile, nothing

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMES = ("described",)
MAX_BYTES = 4 << 20

_Name = Annotated[str, Meta(min_length=1, max_length=256)]


class _Description(Value, frozen=True, forbid_unknown_fields=True):
    dialect: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,40}$")]
    tables: dict[_Name, dict[_Name, _Name]]
    schema: Annotated[str, Meta(max_length=256)] = ""
    catalog: Annotated[str, Meta(max_length=256)] = ""


def connect(where: str, *, name: str | None = None, root: Path | None = None) -> Described:  # noqa: ARG001
    """Reads the description."""
    return Described(path_of(where, "described", root), uri=where)


class Described:
    """Tables by description alone."""

    def __init__(self, path: Path, *, uri: str) -> None:
        self.uri = uri
        self.namespace = f"described://{path}"
        self._path = path
        self._text, self._told = self._read()
        self.dialect = self._told.dialect
        self.default_schema = self._told.schema
        self.catalog = self._told.catalog

    def tables(self, only: Sequence[str] | None = None) -> tuple[Table, ...]:
        """The tables of the description, in its order."""
        self.version()
        return matching((self._table(name, columns) for name, columns in self._told.tables.items()), only)

    def version(self) -> str:
        """A digest of the file, read anew."""
        self._text, self._told = self._read()
        if self._told.dialect != self.dialect:
            raise SourceError(f"`{self.uri}` changed its dialect", help="start guard again")
        return hashlib.sha256(self._text).hexdigest()

    def marks(self, tables: Sequence[Table]) -> Mapping[TableName, str]:  # noqa: ARG002 - the port's signature
        """None: there is nothing to read, so nothing to save."""
        return {}

    def sample(self, table: Table, *, rows: int, seed: int, limits: Limits) -> pa.Table:  # noqa: ARG002
        """No rows: the columns' names are all there is."""
        import pyarrow as pa

        return pa.table({column.name: pa.array([], pa.string()) for column in table.columns})

    def run(self, query: EnforcedQuery, *, limits: Limits, meanwhile: Meanwhile = nothing) -> pa.Table:  # noqa: ARG002
        """Always refuses.

        Raises:
            SourceError: there is nothing to ask.
        """
        raise SourceError(
            f"`{self.uri}` is a description, not a database", help="run the enforced SQL where the data is"
        )

    def relations(self, query: EnforcedQuery) -> frozenset[TableName] | None:  # noqa: ARG002
        """None: there is no engine to ask."""
        return None

    def provide(self, name: str, function: ColumnFunction) -> bool:  # noqa: ARG002
        """False: there is no engine."""
        return False

    def close(self) -> None:
        """Nothing is open."""

    def _table(self, name: str, columns: Mapping[str, str]) -> Table:
        at = TableName(name, self.default_schema, self.catalog)
        digest = hashlib.sha256(repr(tuple(columns.items())).encode()).hexdigest()[:24]
        told = tuple(Column(column, kind) for column, kind in columns.items())
        return Table(at, Dataset(self.namespace, str(TableName(name, self.default_schema))), told, identity=digest)

    def _read(self) -> tuple[bytes, _Description]:
        try:
            text = self._path.read_bytes()[: MAX_BYTES + 1]
        except OSError:
            raise SourceError(f"`{self.uri}` cannot be read", help="check the path") from None
        try:
            loaded: Any = yaml.safe_load(text.decode()) if len(text) <= MAX_BYTES else None
            told = msgspec.convert(loaded, _Description)
        except (yaml.YAMLError, UnicodeDecodeError, msgspec.ValidationError, RecursionError):
            help_ = "it says `dialect`, `schema` and `tables`: each table its columns and their types"
            raise UsageError(f"`{self.uri}` is no description of tables", help=help_) from None
        if Dialect.get(told.dialect) is None:
            raise UsageError(
                f"there is no SQL dialect `{told.dialect}`", help="use sqlglot's names: snowflake, trino, ..."
            )
        return text, told
