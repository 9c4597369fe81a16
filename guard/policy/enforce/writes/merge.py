"""MERGE: a join of the target with one source, and what happens to each pair and to what has no partner.

    MERGE INTO t USING s ON c                          becomes     MERGE INTO t AS guard_t USING s' ON filter AND c'
    WHEN MATCHED THEN UPDATE SET a = e                             WHEN MATCHED THEN UPDATE SET a = e'
    WHEN NOT MATCHED THEN INSERT (a) VALUES (v)                    WHEN NOT MATCHED AND filter(v) THEN INSERT ...

A row that the subject does not have matches nothing, so a source row with its key is NOT MATCHED: that is the meaning
of the filter. Unlike an upsert, this needs no look at the keys of hidden rows; only a key constraint does, as for every
INSERT.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from guard.model import Column, Gap, Table
from guard.policy.enforce.deny import denied
from guard.policy.enforce.names import TABLE_ALIAS, quoted
from guard.policy.enforce.predicates import qualified
from guard.policy.enforce.types import data_type
from guard.policy.enforce.writes.over import assignments, beside, column, conjunction, over, target
from guard.policy.enforce.writes.refused import RefusedWriteError, refuse
from guard.policy.enforce.writes.write import Branch, Kind, Write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.policy.enforce.writes.compose import Seen
    from guard.sql.catalogue import Catalogue

DIALECTS: Final = frozenset({"postgres", "duckdb"})
MAX_BRANCHES: Final = 20


def merge(statement: exp.Expr, catalogue: Catalogue) -> Write:
    """The parts of a MERGE.

    Raises:
        RefusedWriteError: the engine has no MERGE, or a branch is none that guard enforces.
    """
    if catalogue.dialect not in DIALECTS:
        raise refuse(f"MERGE in {catalogue.dialect}", "write an UPDATE and an INSERT")
    table, node = target(statement.this, catalogue)
    alias = node.alias or node.name
    joins = beside([statement.args["using"]], alias, catalogue.dialect)
    if len(joins) != 1 or statement.args.get("on") is None:
        raise refuse("MERGE with other than one source and ON", "join the sources in a subquery")
    whens = statement.args["whens"].expressions
    if not 0 < len(whens) <= MAX_BRANCHES:
        raise RefusedWriteError(Gap("too_large", f"more than {MAX_BRANCHES} branches of MERGE", "use fewer"))
    values: list[exp.Expr] = [statement.args["on"]]
    branches = [_branch(when, table, alias, catalogue, values) for when in whens]
    columns = tuple(dict.fromkeys(each for branch in branches for each in branch.columns))
    write = over("merge", table, node, columns, catalogue, values=values, joins=joins)
    write.branches = tuple(branches)
    conditions = [values[0], *(values[each.condition] for each in branches if each.condition is not None)]
    places = {place for branch in branches for place in branch.values}
    assigned = [value for place, value in enumerate(values) if place in places]
    told = over("merge", table, node, columns, catalogue, values=assigned, joins=joins, where=conditions)
    write.told = told.seen
    return write


def _branch(when: exp.Expr, table: Table, alias: str, catalogue: Catalogue, values: list[exp.Expr]) -> Branch:
    """One WHEN; its condition and its values are added to `values`."""
    matched, by_source = bool(when.args.get("matched")), bool(when.args.get("source"))
    condition = None
    if when.args.get("condition") is not None:
        condition = len(values)
        values.append(when.args["condition"])
    then = when.args.get("then")
    columns: tuple[Column, ...] = ()
    new: list[exp.Expr] = []
    kind: Kind
    match then:
        case exp.Update() if set(_given(then)) == {"expressions"} and (matched or by_source):
            kind = "update"
            columns, new = assignments(then.expressions, table, alias, catalogue)
        case exp.Insert() if set(_given(then)) <= {"this", "expression"} and not matched and not by_source:
            kind = "insert"
            columns, new = _new_row(then, table, catalogue)
        case exp.Var() if then.name.upper() == "DELETE" and (matched or by_source):
            kind = "delete"
        case exp.Var() if then.name.upper() == "DO NOTHING":
            kind = "nothing"
        case _:
            raise refuse("a branch of MERGE that is no plain UPDATE, DELETE, INSERT or DO NOTHING")
    start = len(values)
    values += new
    return Branch(kind, matched, by_source, condition, columns, range(start, len(values)))


def _given(node: exp.Expr) -> list[str]:
    return [part for part, value in node.args.items() if value]


def _new_row(then: exp.Expr, table: Table, catalogue: Catalogue) -> tuple[tuple[Column, ...], list[exp.Expr]]:
    named, row = then.args.get("this"), then.args.get("expression")
    if not isinstance(row, exp.Tuple) or not (named is None or isinstance(named, exp.Tuple)):
        raise refuse("INSERT in MERGE without VALUES")
    columns = table.columns
    if named is not None:
        columns = tuple(column(each.this, table, catalogue) for each in named.expressions)
    if len(columns) != len(row.expressions):
        raise refuse("INSERT in MERGE with other than one value a column")
    return columns, list(row.expressions)


def composed(write: Write, table: Table, seen: Seen, dialect: str) -> exp.Expr:
    """The MERGE that runs.

    Raises:
        AccessDeniedError: a new row does not say who has it.
    """
    return exp.Merge(
        this=qualified(table, TABLE_ALIAS),
        using=seen.beside[0].this,
        on=_on(seen),
        whens=exp.Whens(expressions=[_when(each, table, seen, dialect) for each in write.branches]),
    )


def _on(seen: Seen) -> exp.Expr:
    on: exp.Expr = exp.Paren(this=seen.assigned[0])
    if seen.filter is not None:
        on = exp.And(this=exp.Paren(this=seen.filter.copy()), expression=on)
    return on


def _when(branch: Branch, table: Table, seen: Seen, dialect: str) -> exp.When:
    values = [seen.assigned[place] for place in branch.values]
    parts: list[exp.Expr] = []
    if seen.filter is not None and branch.by_source and not branch.matched:
        parts.append(seen.filter.copy())
    if seen.filter is not None and branch.kind == "insert":
        given = zip(branch.columns, values, strict=True)
        parts.append(on_new_row(seen.filter, table, {own: typed(value.copy(), own, dialect) for own, value in given}))
    if branch.condition is not None:
        parts.append(seen.assigned[branch.condition])
    condition = conjunction(parts) if parts else None
    names = [exp.column(quoted(each.name)) for each in branch.columns]
    then: exp.Expr
    match branch.kind:
        case "update":
            pairs = zip(names, values, strict=True)
            then = exp.Update(expressions=[exp.EQ(this=name, expression=value) for name, value in pairs])
        case "insert":
            then = exp.Insert(this=exp.Tuple(expressions=names), expression=exp.Tuple(expressions=values))
        case "delete":
            then = exp.Var(this="DELETE")
        case _:
            then = exp.Var(this="DO NOTHING")
    return exp.When(matched=branch.matched, source=branch.by_source, condition=condition, then=then)


def on_new_row(filters: exp.Expr, table: Table, given: Mapping[Column, exp.Expr]) -> exp.Expr:
    """The filter asked of a row that is not there yet: each column of the target replaced by its new value.

    Raises:
        AccessDeniedError: the row does not say a column that decides who has it.
    """
    by_name = {each.name: value for each, value in given.items()}
    holder = exp.Paren(this=filters.copy())
    for each in list(holder.find_all(exp.Column)):
        if each.table != TABLE_ALIAS:
            continue
        if each.name not in by_name:
            cure = f"give `{each.name}`, which decides who has the row"
            raise denied(f"the new rows of `{table.name}` do not say `{each.name}`", cure)
        each.replace(by_name[each.name].copy())
    return holder


def typed(value: exp.Expr, own: Column, dialect: str) -> exp.Expr:
    """A new value with its column's type, which a literal does not have by itself; without a length."""
    kind = data_type(own.type, dialect) if dialect in {"postgres", "duckdb"} else None
    if kind is None or kind.args.get("nested"):
        return value
    kind.set("expressions", None)
    return exp.Cast(this=value, to=kind)
