"""Which column a name means: sources, merged join columns, aliases, outer queries, in the engine's order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from sqlglot import exp

from guard.sql.marks import NOTHING, TRANSFORM, Base, Flow, merge, union
from guard.sql.relations import Col, Relation

if TYPE_CHECKING:
    from guard.sql.analysis import Analysis
    from guard.sql.ctes import Ctes

Clause = Literal["select", "where", "group", "having", "order"]
# Here `a.b` is never a field of a column: fields have another spelling, or there are none.
_NO_DOTTED_FIELDS = frozenset({"", "mysql", "oracle", "postgres", "snowflake", "sqlite", "teradata", "tsql"})
# Names that stand for no column, where no table has one of that name.
_PSEUDO = {
    "oracle": frozenset(
        {"connect_by_iscycle", "connect_by_isleaf", "level", "rownum", "sysdate", "systimestamp", "user"}
    )
}
# Here an alias of the select list is visible in the other clauses too.
_NO_ALIASES = frozenset({"postgres", "redshift"})


class Source(NamedTuple):
    """One entry of FROM; `schema` is the key of the schema, written or meant, for `schema.table.column`."""

    key: str
    relation: Relation
    schema: str = ""
    listed: bool = True  # False for the right side of SEMI and ANTI joins: `*` leaves it out


class Scope:
    """The names that are visible in one SELECT."""

    __slots__ = ("aliases", "clause", "ctes", "locals", "merged", "parent", "sources", "windows")

    def __init__(self, parent: Scope | None, ctes: Ctes | None) -> None:
        self.parent = parent
        self.ctes = ctes
        self.sources: list[Source] = []
        self.merged: dict[str, tuple[str, Flow]] = {}
        self.aliases: dict[str, Flow] = {}
        self.windows: dict[str, exp.Expression] = {}
        self.locals: dict[str, Flow] = {}  # parameters of lambdas
        self.clause: Clause = "select"

    def chain(self) -> Iterator[Scope]:
        """This scope, then the ones around it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent


def resolve(column: exp.Column, scope: Scope, analysis: Analysis) -> Flow:
    """What flows out of a column reference; an unknown or ambiguous one is a gap and never just empty."""
    identifier = column.this
    if isinstance(identifier, exp.Star):
        return _whole(column, scope, analysis)
    names = analysis.names
    if names.too_long(identifier):
        analysis.gap("unsupported_syntax", "an identifier that the engine would cut")
    key = names.of(identifier)
    qualifier = column.args.get("table")
    if qualifier is None:
        return _unqualified(identifier, key, scope, analysis)
    return _qualified(column, qualifier, key, scope, analysis)


def _qualified(column: exp.Column, qualifier: exp.Identifier, key: str, scope: Scope, analysis: Analysis) -> Flow:
    of = analysis.names.of
    schema = column.args.get("db")
    wanted = of(qualifier)
    schema_key = of(schema) if schema is not None else ""
    for around in scope.chain():
        for source in around.sources:
            if source.key != wanted or (schema_key and source.schema != schema_key):
                continue
            flow = source.relation.known(key)
            if flow is not None:
                return flow
            if source.relation.open:
                return source.relation.guess(key)
            return _field(column, scope, analysis) or _missing(f"{wanted}.{key}", analysis)
        if not schema_key and wanted in around.locals:
            return around.locals[wanted]
    return _field(column, scope, analysis) or _missing(f"{wanted}.{key}", analysis)


def _field(column: exp.Column, scope: Scope, analysis: Analysis) -> Flow | None:
    """`struct_column.field` and `alias.struct_column.field`: the field may hold anything of its column."""
    parts = [part for part in (column.args.get("catalog"), column.args.get("db"), column.args.get("table")) if part]
    of = analysis.names.of
    for around in scope.chain():
        for source in around.sources:
            if len(parts) > 1 and source.key == of(parts[0]):
                flow = source.relation.known(of(parts[1]))
                if flow is None and source.relation.open:
                    flow = source.relation.guess(of(parts[1]))
            else:
                flow = source.relation.known(of(parts[0]))
            if flow is not None:
                return _inside(flow)
    # Of a table whose columns are not known, a name that no source has is a column with fields.
    opened = [source.relation for source in scope.sources if source.relation.may_have(of(parts[0]))]
    if len(opened) == 1 and analysis.unknown == "open" and analysis.dialect not in _NO_DOTTED_FIELDS:
        return _inside(opened[0].guess(of(parts[0])))
    return None


def _inside(flow: Flow) -> Flow:
    into: dict[Base, int] = {}
    merge(into, flow, TRANSFORM)
    return into


def _unqualified(identifier: exp.Identifier, key: str, scope: Scope, analysis: Analysis) -> Flow:
    for around in scope.chain():
        if key in around.locals:
            return around.locals[key]
        aliases = _visible_aliases(around, analysis)
        if around.clause == "order" and key in aliases and around is scope:
            return aliases[key]
        if key in around.merged:
            return around.merged[key][1]
        found = [flow for source in around.sources if (flow := source.relation.known(key)) is not None]
        if len(found) > 1:
            analysis.gap("ambiguous_column", key)
        if found:
            return union(found)
        if key in aliases:
            return aliases[key]
        if key.lower() in _PSEUDO.get(analysis.dialect, ()) and not identifier.args.get("quoted"):
            return NOTHING
        opened = [source.relation for source in around.sources if source.relation.may_have(key)]
        if len(opened) == 1:
            return opened[0].guess(key)
        if opened:
            analysis.gap("ambiguous_column", key)
            return analysis.nowhere(key)
    whole = _whole_row(key, scope)
    return whole if whole is not None else _missing(key, analysis, quoted=bool(identifier.args.get("quoted")))


def _visible_aliases(scope: Scope, analysis: Analysis) -> dict[str, Flow]:
    if analysis.dialect in _NO_ALIASES and scope.clause in ("select", "where", "having"):
        return scope.aliases if analysis.dialect == "redshift" and scope.clause == "select" else {}
    return scope.aliases


def _whole_row(key: str, scope: Scope) -> Flow | None:
    """A source's name as a value: the row with all its columns (`SELECT c FROM customers AS c`)."""
    for around in scope.chain():
        for source in around.sources:
            if source.key == key:
                return row(source.relation)
    return None


def row(relation: Relation) -> Flow:
    """All columns of a relation in one value."""
    into: dict[Base, int] = {}
    for column in relation.all():
        merge(into, column.flow, TRANSFORM)
    return into


def _whole(column: exp.Column, scope: Scope, analysis: Analysis) -> Flow:
    """`t.*` as a value, as in `count(t.*)` and `row(t.*)`."""
    columns, _ = starred(column, scope, analysis)
    return union([one.flow for one in columns]) if columns else NOTHING


def _missing(what: str, analysis: Analysis, *, quoted: bool = False) -> Flow:
    # SQLite reads a double-quoted name that is no column as a string; guard does not guess that.
    analysis.gap("unknown_column", what if not (quoted and analysis.dialect == "sqlite") else "a double-quoted name")
    return NOTHING


def starred(star: exp.Expression, scope: Scope, analysis: Analysis) -> tuple[list[Col], list[Relation]]:
    """The columns that `*` or `t.*` stands for, in the engine's order, and the open relations among its sources."""
    if isinstance(star, exp.Column):
        return _starred_source(star, scope, analysis)
    listed = [source for source in scope.sources if source.listed]
    opens = [source.relation for source in listed if source.relation.open]
    columns: list[Col] = []
    done: set[str] = set()
    if analysis.dialect == "postgres":  # the columns of USING come first (PostgreSQL 7.2.1.1)
        columns = [Col(name, key, flow) for key, (name, flow) in scope.merged.items()]
        done = set(scope.merged)
    for source in listed:
        for column in source.relation.all():
            if column.key not in scope.merged:
                columns.append(column)
            elif column.key not in done:
                done.add(column.key)
                columns.append(Col(column.name, column.key, scope.merged[column.key][1]))
    if not listed:
        analysis.gap("unsupported_syntax", "a star without a table")
    return columns, opens


def _starred_source(star: exp.Column, scope: Scope, analysis: Analysis) -> tuple[list[Col], list[Relation]]:
    of = analysis.names.of
    qualifier, schema = star.args.get("table"), star.args.get("db")
    wanted = of(qualifier) if qualifier is not None else ""
    for around in scope.chain():
        for source in around.sources:
            if source.key == wanted and (schema is None or source.schema == of(schema)):
                return list(source.relation.all()), [source.relation] if source.relation.open else []
    if qualifier is not None:  # `struct_column.*`
        flow = _field(star, scope, analysis)
        if flow is not None:
            return [Col("*", "*", flow)], []
    analysis.gap("unknown_table", wanted)
    return [], []
