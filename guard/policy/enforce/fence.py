"""The fence: a row filter that the planner cannot move the user's conditions under.

`OFFSET 0` keeps PostgreSQL and DuckDB from pushing a condition into the wrap (a materialised common table expression
does not: DuckDB pushes into it), `LIMIT -1 OFFSET 0` does the same for SQLite, and the
greatest limit that there is for MariaDB. A fence alone costs the index: so
those of the user's own conditions that cannot tell anything by failing (comparisons of unmasked columns with
literals; PostgreSQL marks their operators leakproof) are copied inside. They stay outside as well, so copying one
can only remove rows that the user's statement removes anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlglot import exp

from guard.model import Table
from guard.policy.enforce import mariadb
from guard.policy.enforce.names import TABLE_ALIAS, column_of, same
from guard.policy.enforce.types import family

COMPARED: Final = frozenset({"text", "integer", "date", "timestamp", "uuid"})
_QUIET: Final = frozenset({"text", "integer"})  # of those, what MariaDB compares without a warning
_ORDER: Final = (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


def fenced(select: exp.Select, dialect: str) -> None:
    """Puts the fence on a wrap."""
    if dialect == mariadb.DIALECT:
        select.set("limit", exp.Limit(expression=exp.Literal.number(mariadb.NO_LIMIT)))
    if dialect == "sqlite":
        select.set("limit", exp.Limit(expression=exp.Neg(this=exp.Literal.number(1))))
    select.set("offset", exp.Offset(expression=exp.Literal.number(0)))


def unpushed(condition: exp.Expr) -> exp.Expr:
    """The condition in a form that DuckDB does not push into its scan, true for the same rows.

    DuckDB looks a key up in an index only where nothing else is pushed into the scan: a filter by district beside
    `id = 7` would turn one look-up into a pass over the table.
    """
    return exp.Case(ifs=[exp.If(this=condition, true=exp.true())])


def copied(node: exp.Table, table: Table, open_columns: frozenset[str], dialect: str) -> Iterator[exp.Expr]:
    """The user's conditions on this reference that are safe under the fence, over the wrap's own alias.

    `open_columns` are the columns without a mask. Only conjuncts of the WHERE of the query whose FROM holds the
    reference: a comparison with a literal rejects NULL, so this is right on either side of an outer join too.
    """
    owner = node.find_ancestor(exp.Select)
    where = owner.args.get("where") if owner is not None else None
    if owner is None or where is None or not _directly_in(node, owner) or node.alias_column_names:
        return
    leakproof = _QUIET if dialect == mariadb.DIALECT else COMPARED
    alone = not owner.args.get("joins") and not owner.args.get("laterals") and isinstance(node.parent, exp.From)
    alias = node.alias or node.name
    for conjunct in where.this.flatten() if isinstance(where.this, exp.And) else (where.this,):
        part = conjunct.unnest()
        asked = compared(part)
        if asked is None:
            continue
        column = next((each for each in table.columns if same(each.name, asked.name, dialect)), None)
        qualified = bool(asked.table) and same(asked.table, alias, dialect) and not asked.args.get("db")
        if column is None or column.name not in open_columns or not (qualified or (alone and not asked.table)):
            continue
        if family(column.type, dialect) in leakproof and literals_fit(part, family(column.type, dialect)):
            copy = part.copy()
            copy.set("this", column_of(TABLE_ALIAS, column.name))
            yield copy


def _directly_in(node: exp.Table, owner: exp.Select) -> bool:
    """In FROM or in a JOIN of `owner` itself, not in brackets of their own alias."""
    parent = node.parent
    return (isinstance(parent, exp.From) or (isinstance(parent, exp.Join) and parent.this is node)) and (
        parent.parent is owner
    )


def compared(part: exp.Expr) -> exp.Column | None:
    """The column of `column <op> literal`, `column IN (literals)` or `column BETWEEN literals`."""
    column = part.args.get("this")
    if not isinstance(column, exp.Column) or not isinstance(column.this, exp.Identifier):
        return None
    if isinstance(part, _ORDER):
        others = [part.expression]
    elif isinstance(part, exp.In) and not part.args.get("query") and not part.args.get("unnest"):
        others = part.expressions
    elif isinstance(part, exp.Between) and not part.args.get("symmetric"):
        others = [part.args["low"], part.args["high"]]
    else:
        return None
    constants = (exp.Literal, exp.Parameter, exp.Placeholder)
    return column if others and all(isinstance(other, constants) for other in others) else None


def literals_fit(part: exp.Expr, kind: str) -> bool:
    """A number beside an integer, a text beside anything else: no cast that could fail or go by another operator."""
    return all(literal.is_int if kind == "integer" else literal.is_string for literal in part.find_all(exp.Literal))
