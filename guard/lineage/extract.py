"""Column lineage of SQL: one statement or a script in, typed edges out, and a gap for whatever was not understood."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from sqlglot import exp

from guard.errors import ParseError
from guard.lineage.script import Statement, statements
from guard.lineage.session import Session, together
from guard.model import Column, Dataset, Gap, QueryLineage, Table, TableName
from guard.sql.catalogue import Catalogue
from guard.sql.names import Names

Schema: TypeAlias = Mapping[str, Mapping[str, str] | Iterable[str]]


def extract(
    sql: str,
    dialect: str | None = None,
    schema: Schema | None = None,
    *,
    namespace: str = "",
    default_schema: str = "",
) -> QueryLineage:
    """The lineage of a statement or a script.

    `dialect` is sqlglot's name (None: its common grammar). `schema` maps `schema.table` to columns with types;
    without it the columns of `*` stay unknown, which is a gap. The edges of a script's statements follow each other,
    and a table made by one statement is known to the next. Work is bounded, not time: the same input gives the same
    answer, and a query over the bound gets a `too_large` gap.

    Raises:
        UsageError: there is no such dialect.
    """
    named = dialect or ""
    tables = [_table(name, columns, namespace) for name, columns in (schema or {}).items()]
    # People write a schema in lower case where the engine stores upper case (Snowflake, Oracle): ignore case there.
    names = Names(named, "insensitive") if Names(named).stores_upper else None
    catalogue = Catalogue(tables, dialect=named, default_schema=default_schema, names_of=names)
    session = Session(catalogue, namespace=namespace, unknown="open", how=True)
    lineages: list[QueryLineage] = []
    try:
        for statement in _statements(sql, named):
            if statement.gap is not None:
                lineages.append(_gap(named, statement.gap))
            if statement.tree is not None:
                lineages.append(session.run(statement.tree, declared=statement.declared, into=statement.into))
    except ParseError as error:
        return _gap(named, Gap(code=error.gap, what=error.message, help=error.help))
    if not lineages:
        return _gap(
            named,
            Gap(code="unparsed_sql", what="no statement that moves data", help="send SQL that reads or writes data"),
        )
    return session.told(together(named, lineages))


def from_statement(
    statement: exp.Expression, catalogue: Catalogue, *, namespace: str, how: bool = False
) -> QueryLineage:
    """The lineage of a parsed statement over the tables of a source; `namespace` is the source's OpenLineage name.

    A table that the catalogue does not have is a gap as well as a source of edges. `how` also tells
    the functions that values pass.
    """
    return Session(catalogue, namespace=namespace, unknown="gap", how=how).run(statement)


def _statements(sql: str, dialect: str) -> list[Statement]:
    found = statements(sql, dialect)
    if dialect == "athena" and any(one.tree is None for one in found):
        # Athena takes Hive's grammar for a part of its statements, and people its quotes for the rest.
        return statements(sql, "hive")
    return found


def _gap(dialect: str, gap: Gap) -> QueryLineage:
    return QueryLineage(dialect=dialect, gaps=(gap,))


def _table(name: str, columns: Mapping[str, str] | Iterable[str], namespace: str) -> Table:
    parts = name.split(".")
    typed = columns.items() if isinstance(columns, Mapping) else ((column, "") for column in columns)
    return Table(
        name=TableName(name=parts[-1], schema=parts[-2] if len(parts) > 1 else "", catalog=".".join(parts[:-2])),
        dataset=Dataset(namespace=namespace, name=name),
        columns=tuple(Column(name=column, type=kind) for column, kind in typed),
    )
