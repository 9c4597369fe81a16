"""Statements as queries: each write is a target and the SELECT whose columns go into it.

UPDATE, DELETE and MERGE read a join and assign expressions of it, so that they have the column flow of a SELECT:
`UPDATE t SET a = s.b FROM s WHERE t.id = s.id` is `SELECT s.b AS a FROM t, s WHERE t.id = s.id` into `t`.
"""

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
    the copied table under a new name.
    """

    target: exp.Table | None
    query: exp.Expression | None
    names: tuple[str, ...] | None = None
    copies: exp.Table | None = None
    creates: bool = False
    in_place: bool = False
    drops: bool = False
    moves: bool = False


class UnknownWriteError(Exception):
    """A statement whose effect on data is not understood; its argument names the kind."""


def writes(statement: exp.Expression, catalogue: Catalogue) -> list[Write]:
    """What `statement` writes; a plain query writes to no target. The statement's nodes are taken over.

    Raises:
        UnknownWriteError: the statement may move data in a way that is not understood.
    """
    first = _first_select(statement)
    if first is not None and first.args.get("into") is not None:
        into = first.args["into"].this
        first.set("into", None)
        return [Write(_table(into), statement, creates=True)]
    if isinstance(statement, (exp.Query, exp.Values, exp.Pivot)):
        return _swapped(statement) or [Write(None, statement)]
    for kind, translate in _TRANSLATIONS.items():
        if isinstance(statement, kind):
            found: list[Write] = translate(statement, catalogue)
            return found
    if isinstance(statement, _HARMLESS):
        return []
    raise UnknownWriteError(type(statement).__name__.lower())


def _first_select(statement: exp.Expr) -> exp.Select | None:
    """The SELECT that carries INTO: the left-most arm."""
    while isinstance(statement, (exp.SetOperation, exp.Subquery)):
        statement = statement.this
    return statement if isinstance(statement, exp.Select) else None


def _insert(insert: exp.Insert, catalogue: Catalogue) -> list[Write]:
    source = insert.expression
    if not isinstance(source, (exp.Query, exp.Values, exp.Table)):
        if insert.args.get("default"):
            return []
        raise UnknownWriteError("insert")
    query: Any = exp.select("*").from_(source) if isinstance(source, exp.Table) else source
    _carry_with(insert, query)
    target = _table(insert.this)
    names = _listed(insert.this)
    if names is None and not insert.args.get("by_name"):
        names = _stored(target, catalogue, _partition_keys(insert))
    return [Write(target, query, names), *_upsert(insert, target)]


def _upsert(insert: exp.Insert, target: exp.Table | None) -> list[Write]:
    """ON CONFLICT DO UPDATE: `EXCLUDED.a` is the row that was to be inserted, already counted under the same name."""
    conflict = insert.args.get("conflict")
    assignments = conflict.expressions if conflict is not None else []
    others = []
    for assignment in assignments:
        value = assignment.expression
        same = (
            isinstance(value, exp.Column) and value.table.upper() == "EXCLUDED" and value.name == assignment.this.name
        )
        if not same:
            others.append(assignment)
    if not others or target is None:
        return []
    if any(column.table.upper() == "EXCLUDED" for one in others for column in one.find_all(exp.Column)):
        raise UnknownWriteError("insert ... on conflict")
    return [Write(target, _assignments(others, [target.copy()]), _assigned(others))]


def _create(create: exp.Create, catalogue: Catalogue) -> list[Write]:  # noqa: ARG001 - one signature for all
    if (create.kind or "").upper() not in ("TABLE", "VIEW"):
        raise UnknownWriteError(f"create {(create.kind or 'something').lower()}")
    target = _table(create.this)
    clone = create.args.get("clone")
    if clone is not None:
        return [Write(target, None, copies=_table(clone.this), creates=True)]
    query: Any = create.expression
    if not isinstance(query, (exp.Query, exp.Values, exp.Table)):
        like = create.find(exp.LikeProperty)
        if like is None and isinstance(create.this, exp.Table) and not create.args.get("properties"):
            raise UnknownWriteError(f"create {(create.kind or '').lower()}")  # neither columns nor a query: cut off
        return [Write(target, None, copies=_table(like.this) if like is not None else None, creates=True)]
    if isinstance(query, exp.Table):
        query = exp.select("*").from_(query)
    _carry_with(create, query)
    return [Write(target, query, _listed(create.this), creates=True)]


def _update(update: exp.Update, catalogue: Catalogue) -> list[Write]:
    target = _table(update.this)
    source = update.args.get("from_")
    sources: list[exp.Expr] = [source.this] if source is not None else []
    real = _aliased(target, sources)
    if real is None:
        sources.insert(0, update.this)
        real = target
    assignments = [one for one in update.expressions if isinstance(one, exp.EQ)]
    if not assignments or len(assignments) != len(update.expressions):  # none: the text was cut
        raise UnknownWriteError("update")
    by_target: dict[int, tuple[exp.Table | None, list[exp.EQ]]] = {}
    for assignment in assignments:
        owner = _owner(assignment.this, real, sources)
        by_target.setdefault(id(owner), (owner, []))[1].append(assignment)
    result = []
    for owner, own in by_target.values():
        query = _assignments(own, [one.copy() for one in sources], update.args.get("where"))
        _carry_with(update, query)
        result.append(Write(owner.copy() if owner is not None else None, query, _assigned(own), in_place=True))
    del catalogue
    return result


def _delete(delete: exp.Delete, catalogue: Catalogue) -> list[Write]:  # noqa: ARG001 - one signature for all
    """DELETE moves no value, but its condition decides which rows the target has."""
    using = delete.args.get("using") or []
    if delete.args.get("tables"):
        raise UnknownWriteError("delete from several tables")
    query = _assignments([], [delete.this.copy(), *using], delete.args.get("where"))
    _carry_with(delete, query)
    return [Write(_table(delete.this), query, (), in_place=True)]


def _merge(merge: exp.Merge, catalogue: Catalogue) -> list[Write]:
    target = _table(merge.this)
    source: Any = merge.args["using"]
    whens = merge.args["whens"].expressions
    result = []
    for when in whens:
        then = when.args.get("then")
        names, values = _merged(then, source, _stored(target, catalogue, frozenset()))
        query = exp.Select(expressions=values or [exp.Literal.number(1)])
        query.set("from_", exp.From(this=merge.this.copy()))
        query.set("joins", [exp.Join(this=source.copy(), on=merge.args["on"].copy())])
        if when.args.get("condition") is not None:
            query.set("where", exp.Where(this=when.args["condition"]))
        _carry_with(merge, query)
        result.append(Write(target, query, names, in_place=True))
    return result


def _merged(
    then: Any, source: exp.Expr, stored: tuple[str, ...] | None
) -> tuple[tuple[str, ...] | None, list[exp.Expr]]:
    """The target's columns and their values in one branch of MERGE; None for names means the source's own."""
    everything = exp.Column(this=exp.Star(), table=exp.to_identifier(source.alias_or_name))
    if isinstance(then, exp.Update):
        if any(isinstance(one, exp.Star) for one in then.expressions):
            return None, [everything]
        if not then.expressions or not all(isinstance(one, exp.EQ) for one in then.expressions):
            raise UnknownWriteError("merge")
        return _assigned(then.expressions), [one.expression for one in then.expressions]
    if isinstance(then, exp.Insert):
        values = then.args.get("expression")
        if isinstance(then.this, exp.Star) or not isinstance(values, exp.Expr):
            return None, [everything]
        cells = list(values.expressions[0].expressions if isinstance(values, exp.Values) else values.expressions)
        names = tuple(column.name for column in then.this.expressions) if then.this is not None else stored
        return names if names is not None else tuple("*" for _ in cells), cells
    return (), []  # DELETE, DO NOTHING


def _several(inserts: exp.MultitableInserts, catalogue: Catalogue) -> list[Write]:
    """Hive: `FROM t INSERT INTO a SELECT x INSERT INTO b SELECT y`."""
    result: list[Write] = []
    for insert in inserts.expressions:
        if not isinstance(insert, exp.Insert) or not isinstance(insert.expression, exp.Select):
            raise UnknownWriteError("insert into several tables")
        if inserts.args.get("source") is not None and insert.expression.args.get("from_") is None:
            insert.expression.set("from_", exp.From(this=inserts.args["source"].copy()))
        result += _insert(insert, catalogue)
    return result


def _alter(alter: exp.Alter, catalogue: Catalogue) -> list[Write]:  # noqa: ARG001 - one signature for all
    result = []
    for action in alter.args.get("actions") or ():
        if isinstance(action, exp.AlterRename) and isinstance(action.this, exp.Table):
            result.append(Write(action.this, None, copies=_table(alter.this), creates=True, moves=True))
        elif isinstance(action, exp.SwapTable):
            there, here = _table(action.this), _table(alter.this)
            result += [Write(there, None, copies=here), Write(here, None, copies=there)]
    return result


def _copy(copy: exp.Copy, catalogue: Catalogue) -> list[Write]:  # noqa: ARG001 - one signature for all
    """COPY between a table or query and a file; the file is a dataset of its own."""
    files = [path for path in map(_path, copy.args.get("files") or ()) if path is not None]
    if len(files) != 1:
        raise UnknownWriteError("copy")
    inside = copy.this.this if isinstance(copy.this, exp.Subquery) else copy.this
    if isinstance(inside, (exp.Select, exp.SetOperation)):
        return [Write(files[0], inside)]
    table = _table(inside)
    if table is None:
        raise UnknownWriteError("copy")
    return [Write(table, None, copies=files[0]) if copy.args.get("kind") else Write(files[0], None, copies=table)]


def _swapped(statement: exp.Expression) -> list[Write]:
    """`SELECT swap_partitions_between_tables('a', 1, 2, 'b')` (Vertica): rows of each go into the other."""
    call = statement.expressions[0] if isinstance(statement, exp.Select) and len(statement.expressions) == 1 else None
    if not isinstance(call, exp.Anonymous) or str(call.this).lower() != "swap_partitions_between_tables":
        return []
    if len(call.expressions) != 4 or not all(call.expressions[at].is_string for at in (0, 3)):
        raise UnknownWriteError("swap_partitions_between_tables")
    here, there = (exp.to_table(call.expressions[at].name) for at in (0, 3))
    return [Write(there, None, copies=here), Write(here, None, copies=there)]


def _path(node: Any) -> exp.Table | None:
    """A file or folder, as a table whose name is its path."""
    literal = node.this if isinstance(node, (exp.Table, exp.Directory)) else node
    if not isinstance(literal, exp.Literal):
        return None
    return exp.Table(this=exp.to_identifier(literal.name, quoted=True))


def _drop(drop: exp.Drop, catalogue: Catalogue) -> list[Write]:  # noqa: ARG001 - one signature for all
    tables = drop.args.get("tables") or [drop.this]
    return [Write(table, None, drops=True) for table in tables if isinstance(table, exp.Table)]


_TRANSLATIONS: dict[type[Any], Any] = {
    exp.Insert: _insert,
    exp.Create: _create,
    exp.Update: _update,
    exp.Delete: _delete,
    exp.Merge: _merge,
    exp.MultitableInserts: _several,
    exp.Alter: _alter,
    exp.Drop: _drop,
    exp.Copy: _copy,
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


def _table(node: Any) -> exp.Table | None:
    while isinstance(node, exp.Schema):
        node = node.this
    if isinstance(node, exp.Directory):
        return _path(node)
    return node if isinstance(node, exp.Table) else None


def _listed(node: Any) -> tuple[str, ...] | None:
    if not isinstance(node, exp.Schema):
        return None
    names = [part.name for part in node.expressions if isinstance(part, (exp.Identifier, exp.ColumnDef, exp.Column))]
    return tuple(names) or None


def _stored(target: exp.Table | None, catalogue: Catalogue, without: frozenset[str]) -> tuple[str, ...] | None:
    """The target's own columns, which an INSERT without a list fills by position."""
    table = catalogue.find(target) if target is not None else None
    if table is None:
        return None
    stored = catalogue.names_of.stored
    return tuple(column.name for column in table.columns if stored(column.name) not in without)


def _partition_keys(insert: exp.Insert) -> frozenset[str]:
    """The columns of `PARTITION (dt = ...)`: given, not selected."""
    holder = insert.args.get("partition") or (insert.this.args.get("partition") if insert.this is not None else None)
    if not isinstance(holder, exp.Partition):
        return frozenset()
    return frozenset(part.this.name.lower() for part in holder.expressions if isinstance(part, exp.EQ))


def _carry_with(statement: exp.Expr, query: exp.Expr) -> None:
    """The WITH clause of a statement belongs to its query."""
    clause = statement.args.get("with_")
    if clause is None:
        return
    own = query.args.get("with_")
    if own is not None:
        clause = clause.copy()
        clause.set("expressions", [*clause.expressions, *own.expressions])
    query.set("with_", clause.copy())


def _assignments(
    assignments: Sequence[exp.EQ], sources: Sequence[exp.Expr], where: exp.Expr | None = None
) -> exp.Select:
    """`SELECT value, ... FROM sources WHERE ...` for assignments; a tuple assignment gives each column everything."""
    values: list[exp.Expr] = []
    for assignment in assignments:
        width = len(assignment.this.expressions) if isinstance(assignment.this, exp.Tuple) else 1
        values += [assignment.expression.copy() for _ in range(width)]
    query = exp.Select(expressions=values or [exp.Literal.number(1)])
    if sources:
        query.set("from_", exp.From(this=sources[0]))
        query.set("joins", [exp.Join(this=source) for source in sources[1:]])
    if where is not None:
        query.set("where", where.copy())
    return query


def _assigned(assignments: Sequence[exp.EQ]) -> tuple[str, ...]:
    names: list[str] = []
    for assignment in assignments:
        left = assignment.this
        names += [part.name for part in left.expressions] if isinstance(left, exp.Tuple) else [left.name]
    return tuple(names)


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
