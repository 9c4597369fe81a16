"""A wrap that the planner cannot see into, for statements whose errors hang on its plan.

PostgreSQL plans a join by the sizes and statistics of its tables, hidden rows and bare cells included. Whether a
condition that fails on a visible row is reached at all (the other side of a hash join may turn out empty first), and
which of several fails first, hangs on that plan: a visible row's error then tells of hidden ones. Here the visible rows
come as the elements of an array, computed once and before the join; for these the planner has one constant estimate and
no statistics, so that the plan above is the same whatever is hidden:

    (SELECT guard_o."id" AS "id", ... FROM unnest(ARRAY(SELECT ROW(guard_w."id", ...) FROM <wrap> AS guard_w))
       AS guard_o("id" integer, ...))

DuckDB plans and runs a join by the sizes of its tables in the same way; there the array is one of structs.

It costs memory (an array of PostgreSQL ends at 1 GB) and is used only where this can be seen: a protected table,
joined, and something that can fail where the plan decides about it. What an outermost aggregation computes of its
joined rows, and of its groups, is computed of all of them, whatever the plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from guard.policy.enforce.names import column_of, quoted
from guard.policy.enforce.owed import TableDuty
from guard.policy.enforce.types import data_type

if TYPE_CHECKING:
    from guard.model import Column

DIALECTS: Final = frozenset({"postgres", "duckdb"})
ALIAS: Final = "guard_o"
INNER: Final = "guard_w"
FIELDS: Final = "guard_r"
# Parts of the outermost query that run on its finished rows.
_LATE: Final = frozenset({"expressions", "having", "order", "group", "distinct"})


def needs_opaque(failing: Iterable[exp.Expr], tables: int, dialect: str) -> bool:
    """Whether errors of a statement over so many table references hang on the plan.

    `failing` are the nodes of its tree that can fail on a value.
    """
    late: set[int] = set()
    return dialect in DIALECTS and tables > 1 and any(_is_early(node, late) for node in failing)


def is_protected(duty: TableDuty) -> bool:
    """Whether the table holds what this subject must not learn of."""
    return bool(duty.filters or duty.masks)


def opaque(wrap: exp.Subquery, columns: tuple[Column, ...], dialect: str) -> exp.Subquery | None:
    """The wrap behind an array, without its alias; None where the type of a column has no name that guard knows."""
    inner = wrap.copy()
    inner.set("alias", exp.TableAlias(this=quoted(INNER)))
    build = _array_of_structs if dialect == "duckdb" else _array_of_rows
    select = build(inner, columns, dialect)
    return exp.Subquery(this=select) if select is not None else None


def _array_of_rows(inner: exp.Subquery, columns: tuple[Column, ...], dialect: str) -> exp.Select | None:
    types = [data_type(column.type, dialect) for column in columns]
    if any(kind is None for kind in types):
        return None
    row = exp.Anonymous(this="ROW", expressions=[column_of(INNER, column.name) for column in columns])
    named = [exp.ColumnDef(this=quoted(column.name), kind=kind) for column, kind in zip(columns, types, strict=True)]
    alias = exp.TableAlias(this=quoted(ALIAS), columns=named)
    source = exp.Unnest(expressions=[_array(row, inner)], alias=alias)
    outer = [exp.Alias(this=column_of(ALIAS, column.name), alias=quoted(column.name)) for column in columns]
    return _from(source, outer)


def _array_of_structs(inner: exp.Subquery, columns: tuple[Column, ...], _dialect: str) -> exp.Select:
    """DuckDB has no list of columns behind a function of rows; it has structs, whose fields have names."""
    fields = [exp.PropertyEQ(this=quoted(column.name), expression=column_of(INNER, column.name)) for column in columns]
    rows = exp.Alias(this=exp.Unnest(expressions=[_array(exp.Struct(expressions=fields), inner)]), alias=quoted(FIELDS))
    source = exp.Subquery(this=exp.Select(expressions=[rows]), alias=exp.TableAlias(this=quoted(ALIAS)))
    outer = [
        exp.Alias(
            this=exp.Column(this=quoted(column.name), table=quoted(FIELDS), db=quoted(ALIAS)), alias=quoted(column.name)
        )
        for column in columns
    ]
    return _from(source, outer)


def _array(value: exp.Expr, inner: exp.Subquery) -> exp.Array:
    return exp.Array(expressions=[_from(inner, [value])])


def _from(source: exp.Expr, outputs: list[exp.Alias] | list[exp.Expr]) -> exp.Select:
    select = exp.Select(expressions=outputs)
    select.set("from_", exp.From(this=source))
    return select


def _is_early(node: exp.Expr, late: set[int]) -> bool:
    """Whether the plan decides if `node` is evaluated: true unless it stands in a late part of an outermost query.

    `late` holds the ids of what was found to be late before, and spares the way up from there.
    """
    child, parent = node, node.parent
    while parent is not None and not isinstance(parent, exp.Query):
        if id(child) in late:
            return False
        late.add(id(child))
        child, parent = parent, parent.parent
    if parent is None or child.arg_key not in _LATE or not isinstance(parent, exp.Select | exp.Union):
        return True
    if isinstance(parent, exp.Select) and not _aggregates(parent):
        return True
    return not _is_outermost(parent)


def _is_outermost(query: exp.Expr) -> bool:
    """The statement itself, or an arm of the UNION that it is; one that is cut off may leave an arm out."""
    above = query.parent
    if isinstance(query, exp.Union) and (query.args.get("limit") or query.args.get("offset")):
        return False
    return above is None or (isinstance(above, exp.Union) and query.arg_key != "with_" and _is_outermost(above))


def _aggregates(select: exp.Select) -> bool:
    """Only then all rows are looked at before one is given out; else the plan says which comes, and fails, first."""
    return bool(select.args.get("group")) or any(select.find_all(exp.AggFunc))
