"""Statements as queries: each write is a target and the SELECT whose columns go into it.

UPDATE, DELETE and MERGE read a join and assign expressions of it, so that they have the column flow of a SELECT:
`UPDATE t SET a = s.b FROM s WHERE t.id = s.id` is `SELECT s.b AS a FROM t, s WHERE t.id = s.id` into `t`.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from guard.lineage.files import copy, export, load
from guard.lineage.inserts import insert, several
from guard.lineage.merges import merge
from guard.lineage.updates import delete, update
from guard.lineage.write import UnknownWriteError, Write, assigning, carry_with, copies, listed, table_of
from guard.sql.catalogue import Catalogue


def writes(statement: exp.Expression, catalogue: Catalogue) -> list[Write]:
    """What `statement` writes; a plain query writes to no target. The statement's nodes are taken over.

    Raises:
        UnknownWriteError: the statement may move data in a way that is not understood.
    """
    first = _first_select(statement)
    if first is not None and first.args.get("into") is not None:
        into = first.args["into"].this
        first.set("into", None)
        return [Write(table_of(into), statement, creates=True)]
    lifted = _lifted(statement, catalogue)
    if isinstance(statement, (exp.Query, exp.Values, exp.Pivot)):
        return [*lifted, *(_swapped(statement) or [Write(None, statement)])]
    for kind, translate in _TRANSLATIONS.items():
        if isinstance(statement, kind):
            found: list[Write] = translate(statement, catalogue)
            return [*lifted, *found]
    if isinstance(statement, _HARMLESS):
        return lifted
    raise UnknownWriteError(type(statement).__name__.lower())


def _first_select(statement: exp.Expr) -> exp.Select | None:
    """The SELECT that carries INTO: the left-most arm."""
    while isinstance(statement, (exp.SetOperation, exp.Subquery)):
        statement = statement.this
    return statement if isinstance(statement, exp.Select) else None


def _lifted(statement: exp.Expr, catalogue: Catalogue) -> list[Write]:
    """`WITH moved AS (DELETE FROM t RETURNING a) ...` (PostgreSQL): the write, and for the rest a query of its rows."""
    clause = statement.args.get("with_")
    found: list[Write] = []
    if clause is None:
        return []
    copies(clause, sum(isinstance(entry.this, exp.DML) for entry in clause.expressions))
    for at, entry in enumerate(clause.expressions):
        inner = entry.this
        if not isinstance(inner, (exp.Insert, exp.Update, exp.Delete, exp.Merge)):
            continue
        before = [one.copy() for one in clause.expressions[:at]]
        if before and inner.args.get("with_") is None:
            inner.set("with_", exp.With(expressions=before))
        rows = _returned(inner)
        found += writes(inner.copy(), catalogue)
        if rows is None:
            clause.expressions[at].pop()
            raise UnknownWriteError(f"with ... {type(inner).__name__.lower()}")
        entry.set("this", rows)
    return found


def _returned(node: exp.Expr) -> exp.Select | None:
    """What a write in WITH returns, as a query over what it reads: its target as it was, and the tables beside it."""
    returning = node.args.get("returning")
    query = exp.Select(expressions=[one.copy() for one in returning.expressions] if returning is not None else [])
    if not query.expressions:
        query.set("expressions", [exp.Literal.number(1)])
    target = table_of(node.this)
    if target is None:
        return None
    query.set("from_", exp.From(this=target.copy()))
    beside = [node.args["from_"].this] if node.args.get("from_") is not None else node.args.get("using") or []
    query.set("joins", [exp.Join(this=one.copy()) for one in beside if isinstance(one, exp.Expr)])
    if isinstance(node, (exp.Update, exp.Delete)) and node.args.get("where") is not None:
        query.set("where", node.args["where"].copy())
    if isinstance(node, exp.Update):
        values = {one.this.name: one.expression for one in node.expressions if isinstance(one, exp.EQ)}
        for column in list(query.find_all(exp.Column)):
            if column.parent is query and column.name in values:
                column.replace(exp.alias_(values[column.name].copy(), column.name, quoted=True))
    return query


def _create(create: exp.Create, catalogue: Catalogue) -> list[Write]:  # noqa: ARG001 - one signature for all
    if (create.kind or "").upper() not in ("TABLE", "VIEW"):
        raise UnknownWriteError(f"create {(create.kind or 'something').lower()}")
    target = table_of(create.this)
    clone = create.args.get("clone")
    if clone is not None:
        return [Write(target, None, copies=table_of(clone.this), creates=True)]
    query: Any = create.expression
    if not isinstance(query, (exp.Query, exp.Values, exp.Table)):
        like = create.find(exp.LikeProperty)
        if like is None and isinstance(create.this, exp.Table) and not create.args.get("properties"):
            raise UnknownWriteError(f"create {(create.kind or '').lower()}")  # neither columns nor a query: cut off
        return [Write(target, None, copies=table_of(like.this) if like is not None else None, creates=True)]
    if isinstance(query, exp.Table):
        query = exp.select("*").from_(query)
    carry_with(create, query)
    to = create.find(exp.ToTableProperty)
    if to is not None:  # ClickHouse: the rows of the view go into another table
        return [Write(table_of(to.this), query)]
    return [Write(target, query, listed(create.this), creates=True)]


def _cache(cache: exp.Cache, catalogue: Catalogue) -> list[Write]:  # noqa: ARG001 - one signature for all
    """Spark's `CACHE TABLE c AS SELECT ...` makes a view for the session."""
    if cache.expression is None:
        return []
    return [Write(table_of(cache.this), cache.expression, creates=True, inlined=True)]


def _alter(alter: exp.Alter, catalogue: Catalogue) -> list[Write]:  # noqa: ARG001 - one signature for all
    result = []
    for action in alter.args.get("actions") or ():
        if isinstance(action, exp.AlterRename) and isinstance(action.this, exp.Table):
            result.append(Write(action.this, None, copies=table_of(alter.this), creates=True, moves=True))
        elif isinstance(action, exp.SwapTable):
            there, here = table_of(action.this), table_of(alter.this)
            result += [Write(there, None, copies=here), Write(here, None, copies=there)]
        elif isinstance(action, exp.RenameColumn):
            result.append(_renamed(alter, action.this, action.args["to"]))
        elif isinstance(action, exp.ModifyColumn) and action.args.get("rename_from") is not None:  # MySQL: CHANGE a b
            result.append(_renamed(alter, action.args["rename_from"], action.this))
        elif isinstance(action, exp.Delete):  # ClickHouse: ALTER TABLE t DELETE WHERE
            query = assigning([], [alter.this.copy()], action.args.get("where"))
            result.append(Write(table_of(alter.this), query, (), in_place=True))
        elif isinstance(action, (exp.DML, exp.Query, exp.Command)):
            raise UnknownWriteError("alter")
    return result


def _renamed(alter: exp.Alter, old: exp.Expr, new: exp.Expr) -> Write:
    """A column under another name: what it held is what the new one holds."""
    table = table_of(alter.this)
    if table is None:
        raise UnknownWriteError("alter")
    return Write(table, None, (old.name, new.name), renames=True)


def _swapped(statement: exp.Expression) -> list[Write]:
    """`SELECT swap_partitions_between_tables('a', 1, 2, 'b')` (Vertica): rows of each go into the other."""
    call = statement.expressions[0] if isinstance(statement, exp.Select) and len(statement.expressions) == 1 else None
    if not isinstance(call, exp.Anonymous) or str(call.this).lower() != "swap_partitions_between_tables":
        return []
    if len(call.expressions) != 4 or not all(call.expressions[at].is_string for at in (0, 3)):
        raise UnknownWriteError("swap_partitions_between_tables")
    here, there = (exp.to_table(call.expressions[at].name) for at in (0, 3))
    return [Write(there, None, copies=here), Write(here, None, copies=there)]


def _drop(drop: exp.Drop, catalogue: Catalogue) -> list[Write]:  # noqa: ARG001 - one signature for all
    tables = drop.args.get("tables") or [drop.this]
    return [Write(table, None, drops=True) for table in tables if isinstance(table, exp.Table)]


_TRANSLATIONS: dict[type[Any], Any] = {
    exp.Insert: insert,
    exp.Create: _create,
    exp.Update: update,
    exp.Delete: delete,
    exp.Merge: merge,
    exp.MultitableInserts: several,
    exp.Alter: _alter,
    exp.Drop: _drop,
    exp.Copy: copy,
    exp.Cache: _cache,
    exp.Export: export,
    exp.LoadData: load,
}
# These move no value from column to column.
_HARMLESS = (
    exp.TruncateTable,
    exp.Set,
    exp.Use,
    exp.Pragma,
    exp.Comment,
    exp.Transaction,
    exp.Commit,
    exp.Rollback,
    exp.Describe,
    exp.Show,
    exp.Analyze,
    exp.Grant,
    exp.Revoke,
    exp.Uncache,
    exp.Refresh,
    exp.Declare,
)
