"""INSERT: by list, by the catalogue's order, into several tables, with what happens on a conflict."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from guard.lineage.output import output
from guard.lineage.write import (
    UnknownWriteError,
    Write,
    assigned,
    assigning,
    carry_with,
    copies,
    listed,
    stored_in,
    table_of,
)
from guard.sql.catalogue import Catalogue


def insert(node: exp.Insert, catalogue: Catalogue) -> list[Write]:
    """The rows of the query, and beside them what an UPDATE on a conflict assigns."""
    source = node.expression
    if not isinstance(source, (exp.Query, exp.Values, exp.Table)):
        if node.args.get("default"):
            return []
        raise UnknownWriteError("insert")
    query: Any = exp.select("*").from_(source) if isinstance(source, exp.Table) else source
    carry_with(node, query)
    target = table_of(node.this)
    names = listed(node.this)
    if names is None and not node.args.get("by_name"):
        names = stored_in(target, catalogue, _partition_keys(node))
    written = [Write(target, query, names), *_upsert(node, target, query, names)]
    if node.args.get("returning") is None:
        return written
    # What was inserted is the query's rows under the names of the target's columns.
    columns = [_name(name) for name in names or ()] or None
    rows = exp.Subquery(this=query.copy(), alias=exp.TableAlias(this=_name("inserted"), columns=columns))
    return [*written, *output(node, exp.Table(this=_name("inserted")), [rows], {})]


def several(node: exp.MultitableInserts, catalogue: Catalogue) -> list[Write]:
    """Hive's `FROM t INSERT INTO a SELECT x INSERT INTO b SELECT y`; Oracle's and Snowflake's INSERT ALL and FIRST."""
    source = node.args.get("source")
    result: list[Write] = []
    copies(node, len(node.expressions))
    before: list[exp.Expr] = []  # the conditions above: FIRST and ELSE depend on them too
    for branch in node.expressions:
        one = branch.this if isinstance(branch, exp.ConditionalInsert) else branch
        if not isinstance(one, exp.Insert):
            raise UnknownWriteError("insert into several tables")
        if isinstance(one.expression, exp.Select):
            if source is not None and one.expression.args.get("from_") is None:
                one.expression.set("from_", exp.From(this=source.copy()))
            result += insert(one, catalogue)
            continue
        if not isinstance(source, exp.Query):
            raise UnknownWriteError("insert into several tables")
        condition = branch.expression if isinstance(branch, exp.ConditionalInsert) else None
        if condition is not None:
            before.append(condition)
        decides = before if condition is None or str(node.args.get("kind")).upper() == "FIRST" else [condition]
        one.set("expression", _branch(one.expression, source, decides))
        result += insert(one, catalogue)
    return result


def _branch(values: Any, source: exp.Query, conditions: list[exp.Expr]) -> exp.Select:
    """`WHEN c THEN INTO t VALUES (x)` as `SELECT x FROM (source) WHERE c`; without VALUES the source's own columns."""
    if isinstance(values, exp.Values) and len(values.expressions) == 1:
        line = values.expressions[0]
        cells = [cell.copy() for cell in (line.expressions if isinstance(line, exp.Tuple) else [line])]
    elif values is None:
        cells = [exp.Star()]
    else:
        raise UnknownWriteError("insert into several tables")
    query = exp.Select(expressions=cells)
    query.set("from_", exp.From(this=exp.Subquery(this=source.copy(), alias=exp.TableAlias(this=_name("_source")))))
    return query.where(*[condition.copy() for condition in conditions], copy=False) if conditions else query


def _upsert(node: exp.Insert, target: exp.Table | None, query: Any, names: tuple[str, ...] | None) -> list[Write]:
    """ON CONFLICT DO UPDATE and ON DUPLICATE KEY UPDATE.

    `EXCLUDED.a` and `VALUES(a)` are the row that was to be inserted; what assigns it to the same name is counted.
    """
    conflict = node.args.get("conflict")
    if conflict is None or target is None:
        return []
    changes = [one.copy() for one in conflict.expressions if isinstance(one, exp.EQ)]
    for change in changes:
        for call in list(change.find_all(exp.Anonymous)):
            if str(call.this).upper() == "VALUES" and len(call.expressions) == 1:
                call.replace(exp.Column(this=_name(call.expressions[0].name), table=_name("excluded")))
        for column in list(change.find_all(exp.Column)):
            if names is not None and column.table.lower() == "excluded" and column.name not in names:
                column.replace(exp.Null())  # not inserted: its default
    changes = [one for one in changes if not _same(one)]
    if not changes:
        return []
    where = conflict.args.get("where")
    sources: list[exp.Expr] = [target.copy()]
    parts = [*changes, *([where] if where is not None else [])]
    if any(column.table.lower() == "excluded" for part in parts for column in part.find_all(exp.Column)):
        alias = exp.TableAlias(this=_name("excluded"), columns=[_name(name) for name in names or ()] or None)
        sources.append(exp.Subquery(this=query.copy(), alias=alias))
    if conflict.args.get("duplicate") and isinstance(query, exp.Select) and query.args.get("from_") is not None:
        # MySQL: the tables of the query are seen here too.
        sources += [query.args["from_"].this.copy(), *(join.this.copy() for join in query.args.get("joins") or ())]
    return [Write(target, assigning(changes, sources, where), assigned(changes), in_place=True)]


def _same(change: exp.EQ) -> bool:
    value = change.expression
    return isinstance(value, exp.Column) and value.table.lower() == "excluded" and value.name == change.this.name


def _name(text: str) -> exp.Identifier:
    return exp.to_identifier(text)


def _partition_keys(node: exp.Insert) -> frozenset[str]:
    """The columns of `PARTITION (dt = ...)`: given, not selected."""
    holder = node.args.get("partition") or (node.this.args.get("partition") if node.this is not None else None)
    if not isinstance(holder, exp.Partition):
        return frozenset()
    return frozenset(part.this.name.lower() for part in holder.expressions if isinstance(part, exp.EQ))
