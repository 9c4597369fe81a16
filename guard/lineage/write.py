"""One target with the query that fills it, and what statements that write have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlglot import exp

from guard.sql.catalogue import Catalogue


class Write(NamedTuple):
    """One target with the query that fills it.

    `names` are the target's columns in order of the query's; None means that the query names them. `copies` is the
    table that becomes the target as a whole (RENAME, CLONE, LIKE). `in_place` marks UPDATE, DELETE, MERGE, which read
    their target without having it as a source. `drops` marks a target that is gone afterwards, `moves` one that is
    the copied table under a new name, `inlined` one that only stands for its query and holds nothing.
    `renames` marks one of which a column has a new name: `names` are the old one and the new one.
    """

    target: exp.Table | None
    query: Any
    names: tuple[str, ...] | None = None
    copies: exp.Table | None = None
    creates: bool = False
    in_place: bool = False
    drops: bool = False
    moves: bool = False
    inlined: bool = False
    renames: bool = False


class UnknownWriteError(Exception):
    """A statement whose effect on data is not understood; its argument names the kind."""


MAX_COPIED = 100_000  # nodes of syntax that the translation of one statement writes several times


def copies(node: exp.Expr, times: int) -> None:
    """Pays for writing a part of a statement several times.

    Raises:
        UnknownWriteError: a short text would become a very long one.
    """
    if times > 1 and sum(1 for _ in node.walk()) * times > MAX_COPIED:
        raise UnknownWriteError("statement that repeats itself too often")


def table_of(node: Any) -> exp.Table | None:
    """The table that a statement names as its target."""
    while isinstance(node, exp.Schema):
        node = node.this
    if isinstance(node, exp.Directory):
        return path_of(node)
    return node if isinstance(node, exp.Table) else None


def listed(node: Any) -> tuple[str, ...] | None:
    """The columns in parentheses behind the target."""
    if not isinstance(node, exp.Schema):
        return None
    names = [part.name for part in node.expressions if isinstance(part, (exp.Identifier, exp.ColumnDef, exp.Column))]
    return tuple(names) or None


def stored_in(target: exp.Table | None, catalogue: Catalogue, without: frozenset[str]) -> tuple[str, ...] | None:
    """The target's own columns, which an INSERT without a list fills by position."""
    table = catalogue.find(target) if target is not None else None
    if table is None:
        return None
    stored = catalogue.names_of.stored
    return tuple(column.name for column in table.columns if stored(column.name) not in without)


def carry_with(statement: exp.Expr, query: exp.Expr) -> None:
    """The WITH clause of a statement belongs to its query."""
    clause = statement.args.get("with_")
    if clause is None:
        return
    own = query.args.get("with_")
    if own is not None:
        clause = clause.copy()
        clause.set("expressions", [*clause.expressions, *own.expressions])
    query.set("with_", clause.copy())


def assigning(changes: Sequence[exp.EQ], sources: Sequence[exp.Expr], where: exp.Expr | None = None) -> exp.Select:
    """`SELECT value, ... FROM sources WHERE ...` for assignments; a tuple's values go to its columns by position."""
    values = [value for change in changes for value in _values(change)]
    query = exp.Select(expressions=values or [exp.Literal.number(1)])
    if sources:
        query.set("from_", exp.From(this=sources[0]))
        query.set("joins", [exp.Join(this=source) for source in sources[1:]])
    if where is not None:
        query.set("where", where.copy() if isinstance(where, exp.Where) else exp.Where(this=where.copy()))
    return query


def _values(change: exp.EQ) -> list[exp.Expr]:
    """The values of an assignment; where they cannot be told apart, each column gets everything."""
    value = change.expression
    if not isinstance(change.this, exp.Tuple):
        return [value.copy()]
    width = len(change.this.expressions)
    copies(value, width)
    query = value.this if isinstance(value, exp.Subquery) else value
    if isinstance(query, exp.Select) and len(query.expressions) == width and not query.is_star:
        found: list[exp.Expr] = []
        for at in range(width):
            one = query.copy()
            one.set("expressions", [one.expressions[at]])
            found.append(exp.Subquery(this=one))
        return found
    is_row = isinstance(value, exp.Tuple) or (isinstance(value, exp.Anonymous) and str(value.this).upper() == "ROW")
    if is_row and len(value.expressions) == width:
        return [one.copy() for one in value.expressions]
    return [value.copy() for _ in range(width)]


def assigned(changes: Sequence[exp.EQ]) -> tuple[str, ...]:
    """The columns that are assigned to, in order."""
    names: list[str] = []
    for change in changes:
        left = change.this
        names += [part.name for part in left.expressions] if isinstance(left, exp.Tuple) else [left.name]
    return tuple(names)


def path_of(node: Any) -> exp.Table | None:
    """A file or folder, as a table whose name is its path."""
    literal = node.this if isinstance(node, (exp.Table, exp.Directory)) else node
    if not isinstance(literal, exp.Literal):
        return None
    return exp.Table(this=exp.to_identifier(literal.name, quoted=True))
