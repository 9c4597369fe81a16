"""UPDATE and DELETE as queries: a join is read, and expressions of it are assigned."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from guard.lineage.output import output
from guard.lineage.write import UnknownWriteError, Write, assigned, assigning, carry_with, copies, table_of
from guard.sql.catalogue import Catalogue

_MAX_CTES = 100  # of which each reads the next


def update(node: exp.Update, catalogue: Catalogue) -> list[Write]:  # noqa: ARG001 - one signature for all
    """`UPDATE t SET t.a = s.b FROM s`: for each table that is assigned to, a query of the assigned values."""
    target = table_of(node.this)
    source = node.args.get("from_")
    sources: list[exp.Expr] = [source.this] if source is not None else []
    real = _aliased(target, sources)
    if real is None:
        sources.insert(0, node.this)
        real = target
    changes = [one for one in node.expressions if isinstance(one, exp.EQ)]
    if not changes or len(changes) != len(node.expressions):  # none: the text was cut
        raise UnknownWriteError("update")
    by_target: dict[int, tuple[exp.Table | None, list[exp.EQ]]] = {}
    for change in changes:
        owner = _owner(change.this, real, sources)
        by_target.setdefault(id(owner), (owner, []))[1].append(change)
    result = []
    for owner, own in by_target.values():
        query = assigning(own, [one.copy() for one in sources], node.args.get("where"))
        carry_with(node, query)
        written = _behind(owner.copy(), node) if owner is not None else None
        result.append(Write(written, query, assigned(own), in_place=True))
    values = {change.this.name.lower(): change.expression for change in changes}
    return [*result, *output(node, real, sources, values)]


def delete(node: exp.Delete, catalogue: Catalogue) -> list[Write]:  # noqa: ARG001 - one signature for all
    """DELETE moves no value, but its condition decides which rows the target has.

    `DELETE a, b FROM a JOIN b` (MySQL) and `DELETE x FROM a AS x JOIN b` (SQL Server) name their targets apart.
    """
    using = node.args.get("using") or []
    source = node.args.get("from_")
    sources: list[exp.Expr] = [node.this] if source is None else [source.this]
    named = node.args.get("tables") or [node.this]
    copies(node, len(named))
    result = []
    for target in named:
        read = [one.copy() for one in (*sources, *using)]
        query = assigning([], read, node.args.get("where"))
        carry_with(node, query)
        real = _aliased(table_of(target), [*sources, *using]) or table_of(target)
        result.append(Write(_behind(real.copy(), node) if real is not None else None, query, (), in_place=True))
    return [*result, *output(node, table_of(node.this), sources, {})]


def _behind(target: exp.Table, node: exp.Expr) -> exp.Table:
    """The table behind a CTE that is written to: `WITH c AS (SELECT ... FROM t) DELETE FROM c` (SQL Server)."""
    clause = node.args.get("with_")
    for _ in range(_MAX_CTES):
        names = {one.alias.lower(): one.this for one in (clause.expressions if clause is not None else ())}
        query = names.get(target.name.lower()) if not target.args.get("db") else None
        source = query.args.get("from_") if isinstance(query, exp.Select) else None
        if source is None or not isinstance(source.this, exp.Table):
            return target
        target = source.this.copy()
        target.set("joins", None)
    return target


def _aliased(target: exp.Table | None, sources: Sequence[exp.Expr]) -> exp.Table | None:
    """The table behind `UPDATE t ... FROM tab1 t` (SQL Server), where the target is an alias."""
    if target is None or target.args.get("db") is not None:
        return None
    for source in sources:
        for table in source.find_all(exp.Table):
            if table.alias and table.alias.lower() == target.name.lower():
                return table
    return None


def _owner(left: exp.Expr, target: exp.Table | None, sources: Sequence[exp.Expr]) -> exp.Table | None:
    """The table of an assigned column: `UPDATE a JOIN b ... SET b.x = a.y` (MySQL) may name any of them."""
    qualifier = left.table.lower() if isinstance(left, exp.Column) else ""
    if qualifier and target is not None and qualifier not in (target.alias.lower(), target.name.lower()):
        for source in sources:
            for table in source.find_all(exp.Table):
                if qualifier in (table.alias.lower(), table.name.lower()):
                    return table
    return target
