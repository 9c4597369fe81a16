"""A wrap that the planner cannot see into, for statements whose errors hang on its plan.

PostgreSQL plans a join by the sizes and statistics of its tables, hidden rows and bare cells included. Whether a
condition that fails on a visible row is reached at all (the other side of a hash join may turn out empty first), and
which of several fails first, hangs on that plan: a visible row's error then tells of hidden ones. Here the visible rows
come as the elements of an array, computed once and before the join; for these the planner has one constant estimate and
no statistics, so that the plan above is the same whatever is hidden:

    (SELECT guard_o."id" AS "id", ... FROM unnest(ARRAY(SELECT ROW(guard_w."id", ...) FROM <wrap> AS guard_w))
       AS guard_o("id" integer, ...))

It costs memory (an array ends at 1 GB) and is used only where this can be seen: a protected table, joined, and
something that can fail where the plan decides about it. What stands in the outermost select list, HAVING and the like
runs on the finished rows, whatever the plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from guard.policy.enforce.failing import never_fails
from guard.policy.enforce.names import column_of, quoted
from guard.policy.enforce.owed import TableDuty
from guard.policy.enforce.patterns import may_fail
from guard.policy.enforce.types import data_type

if TYPE_CHECKING:
    from guard.model import Column

DIALECTS: Final = frozenset({"postgres"})
ALIAS: Final = "guard_o"
INNER: Final = "guard_w"
# Parts of the outermost query that run on its finished rows.
_LATE: Final = frozenset({"expressions", "having", "order", "group", "distinct"})


def needs_opaque(tree: exp.Expr, tables: int, dialect: str) -> bool:
    """Whether errors of a statement over so many table references can hang on the plan."""
    return dialect in DIALECTS and tables > 1 and any(_fails(node, dialect) for node in _early(tree))


def is_protected(duty: TableDuty) -> bool:
    """Whether the table holds what this subject must not learn of."""
    return bool(duty.filters or duty.masks)


def opaque(wrap: exp.Subquery, columns: tuple[Column, ...], dialect: str) -> exp.Subquery | None:
    """The wrap behind an array, without its alias; None where the type of a column has no name that guard knows."""
    types = [data_type(column.type, dialect) for column in columns]
    if any(kind is None for kind in types):
        return None
    inner = wrap.copy()
    inner.set("alias", exp.TableAlias(this=quoted(INNER)))
    row = exp.Anonymous(this="ROW", expressions=[column_of(INNER, column.name) for column in columns])
    rows = exp.Select(expressions=[row])
    rows.set("from_", exp.From(this=inner))
    named = [exp.ColumnDef(this=quoted(column.name), kind=kind) for column, kind in zip(columns, types, strict=True)]
    source = exp.Unnest(
        expressions=[exp.Array(expressions=[rows])], alias=exp.TableAlias(this=quoted(ALIAS), columns=named)
    )
    outer = [exp.Alias(this=column_of(ALIAS, column.name), alias=quoted(column.name)) for column in columns]
    select = exp.Select(expressions=outer)
    select.set("from_", exp.From(this=source))
    return exp.Subquery(this=select)


def _fails(node: exp.Expr, dialect: str) -> bool:
    return not never_fails(type(node), dialect) or may_fail(node)


def _early(tree: exp.Expr) -> Iterator[exp.Expr]:
    """Every node whose evaluation the plan decides about."""
    late: list[Any] = []
    arms = [tree]
    while arms:
        arm = arms.pop()
        if isinstance(arm, exp.Union) and not arm.args.get("limit") and not arm.args.get("offset"):
            arms += [arm.this, arm.expression]
            yield from _below(arm, ("with_",))
            late += [arm.args.get("order")]
        elif isinstance(arm, exp.Select) and not _stops_early(arm):
            yield from _below(arm, tuple(part for part in arm.args if part not in _LATE))
            late += [each for part in _LATE for each in _listed(arm.args.get(part))]
        else:
            yield from arm.walk()
    for part in late:
        if part is not None:
            for query in part.find_all(exp.Query):
                yield from query.walk()


def _stops_early(select: exp.Select) -> bool:
    """A LIMIT over single rows: which of them are looked at is the plan's choice."""
    if not select.args.get("limit") and not select.args.get("offset"):
        return False
    return not select.args.get("group") and not any(select.find_all(exp.AggFunc))


def _below(node: exp.Expr, parts: tuple[str, ...]) -> Iterator[exp.Expr]:
    for part in parts:
        for each in _listed(node.args.get(part)):
            yield from each.walk()


def _listed(value: Any) -> list[Any]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, exp.Expr)]
