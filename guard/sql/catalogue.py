"""The tables that a statement may name: an immutable snapshot that resolves names as the engine would."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from sqlglot import exp

from guard.model import Column, Table, TableName
from guard.sql.names import Names

# PostgreSQL looks into pg_catalog before the search path, so an unqualified pg_class is never the user's table.
_SYSTEM_PREFIX = {"postgres": "pg_"}
# DuckDB reads `x.t` as schema x, or as catalog x with the default schema.
_CATALOG_AS_PREFIX = frozenset({"duckdb"})


class Catalogue:
    """A snapshot of the relations of one source.

    Attributes:
        dialect: sqlglot's name of the source's SQL.
        default_schema: the one schema in which an unqualified name is looked up.
        catalog: the current database; a name that gives another one is unknown.
        version: the source's token of this snapshot, part of every cache key.
        names_of: when two spellings are one name; the dialect's own rules unless given.
        tables: the relations, as given.
    """

    __slots__ = ("_by_name", "_columns", "catalog", "default_schema", "dialect", "names_of", "tables", "version")

    def __init__(
        self,
        tables: Iterable[Table],
        *,
        dialect: str,
        default_schema: str,
        catalog: str = "",
        version: str = "",
        names_of: Names | None = None,
    ) -> None:
        self.tables = tuple(tables)
        self.dialect = dialect
        self.default_schema = default_schema
        self.catalog = catalog
        self.version = version
        self.names_of = names_of or Names(dialect)
        stored = self.names_of.stored
        by_name: dict[tuple[str, str, str], Table | None] = {}
        for table in self.tables:
            key = (
                stored(table.name.catalog or catalog),
                stored(table.name.schema or default_schema),
                stored(table.name.name),
            )
            # Two relations under one name: neither is meant for sure, so neither is found.
            by_name[key] = None if key in by_name else table
        self._by_name = by_name
        self._columns: dict[int, tuple[Table, dict[str, Column | None]]] = {}

    def find(self, node: exp.Table) -> Table | None:
        """The relation that the engine would read for `node`, or None when that is unknown.

        None also for table functions, names with more than three parts, and names that the engine would cut.
        """
        name, schema, catalog = node.args.get("this"), node.args.get("db"), node.args.get("catalog")
        if not isinstance(name, exp.Identifier):
            return None
        parts = [part for part in (name, schema, catalog) if part]
        if not all(isinstance(part, exp.Identifier) for part in parts) or any(map(self.names_of.too_long, parts)):
            return None
        of = self.names_of.of
        stored = self.names_of.stored
        here = stored(self.catalog)
        key = of(name)
        if not schema:
            prefix = _SYSTEM_PREFIX.get(self.dialect)
            if prefix and key.startswith(prefix):
                return None
            return self._by_name.get((here, stored(self.default_schema), key))
        if catalog:
            return self._by_name.get((of(catalog), of(schema), key))
        found = self._by_name.get((here, of(schema), key))
        if self.dialect in _CATALOG_AS_PREFIX:
            other = self._by_name.get((of(schema), stored(self.default_schema), key))
            return found if other is None else (other if found is None else None)
        return found

    def get(self, name: TableName) -> Table | None:
        """The relation of exactly this name; empty parts stand for the current catalog and the default schema."""
        stored = self.names_of.stored
        key = (stored(name.catalog or self.catalog), stored(name.schema or self.default_schema), stored(name.name))
        return self._by_name.get(key)

    def find_column(self, table: Table, identifier: exp.Identifier) -> Column | None:
        """The column of `table` that the engine would read for `identifier`; hidden columns (ctid, rowid) are None."""
        if self.names_of.too_long(identifier):
            return None
        return self.columns(table).get(self.names_of.of(identifier))

    def columns(self, table: Table) -> Mapping[str, Column | None]:
        """The columns of `table` by key, in order; None where two columns share a key."""
        held, known = self._columns.get(id(table), (None, {}))
        if held is not table:  # the entry holds its table, so that an address is never that of another one
            known = {}
            for column in table.columns:
                key = self.names_of.stored(column.name)
                known[key] = None if key in known else column
            self._columns[id(table)] = (table, known)
        return known

    def names(self) -> tuple[TableName, ...]:
        """The names of all relations, sorted."""
        return tuple(sorted(table.name for table in self.tables))

    def mapping(self) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
        """schema -> table -> column -> type, as sqlglot's optimizer takes it."""
        nested: dict[str, dict[str, dict[str, str]]] = {}
        for table in self.tables:
            columns = {column.name: column.type for column in table.columns}
            nested.setdefault(table.name.schema or self.default_schema, {})[table.name.name] = columns
        return MappingProxyType(nested)
