"""EXISTS as membership: `EXISTS (SELECT ... WHERE inner.x = outer.x AND rest)` asks `outer.x IN (SELECT inner.x ...)`.

The two differ where IN is NULL: with a NULL on either side EXISTS is false, so the caller makes NULL false.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlglot import exp

from guard.sql.names import Names as Spelling

_PARTS = frozenset({"expressions", "from_", "joins", "where"})


def membership(node: exp.Exists, outer: Collection[str], spelling: Spelling) -> exp.In | None:
    """The same question with IN; None unless one condition compares a column of its own with one of `outer`.

    Args:
        node: the condition.
        outer: the sources of the query around it, as `spelling` writes them.
        spelling: of names in this dialect.
    """
    select = node.this.unnest()
    if not isinstance(select, exp.Select) or {part for part, value in select.args.items() if value} - _PARTS:
        return None
    if select.args.get("from_") is None or select.args.get("where") is None:
        return None
    joins = select.args.get("joins") or ()
    own = {_name(source, spelling) for source in (select.args["from_"].this, *(join.this for join in joins))}
    where = select.args["where"].this.unnest()
    conditions = list(where.flatten()) if isinstance(where, exp.And) else [where]
    for place, condition in enumerate(conditions):
        pair = _compared(condition.unnest(), own, set(outer) - own, spelling)
        if pair is not None:
            rest = [each.copy() for each in (*conditions[:place], *conditions[place + 1 :])]
            asked = exp.Select(expressions=[exp.Alias(this=pair[1].copy(), alias=exp.Identifier(this="dp_x"))])
            asked.set("from_", select.args["from_"].copy())
            asked.set("joins", [join.copy() for join in joins])
            if rest:
                asked.set("where", exp.Where(this=exp.and_(*rest, copy=False)))
            return exp.In(this=pair[0].copy(), query=exp.Subquery(this=asked))
    return None


def _compared(
    node: exp.Expr, own: set[str], outer: set[str], spelling: Spelling
) -> tuple[exp.Column, exp.Column] | None:
    """The column of an outer source and that of an own one which an equality compares."""
    if not isinstance(node, exp.EQ):
        return None
    left, right = node.this.unnest(), node.expression.unnest()
    for one, other in ((left, right), (right, left)):
        if (
            isinstance(one, exp.Column)
            and isinstance(other, exp.Column)
            and _table(one, spelling) in outer
            and _table(other, spelling) in own
        ):
            return one, other
    return None


def _table(column: exp.Column, spelling: Spelling) -> str:
    table = column.args.get("table")
    return spelling.of(table) if isinstance(table, exp.Identifier) and not column.args.get("db") else ""


def _name(source: exp.Expr, spelling: Spelling) -> str:
    """What a source is called by."""
    alias = source.args.get("alias")
    name = alias.this if alias is not None else source.this
    return spelling.of(name) if isinstance(name, exp.Identifier) else ""
