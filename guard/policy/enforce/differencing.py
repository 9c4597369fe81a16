"""What must be asked beside a grouped answer, so that two answers whose groups differ by a few rows are told apart.

For every query that a minimum group was woven into there is a probe: its group keys and the number of rows of each
group, over the same wraps and conditions. Beside the counts stands what the condition is made of: comparisons of a
column with one literal, and the rest as text. Two groups that ask other values of one column hold no row in common.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from guard.policy.enforce.deny import denied
from guard.policy.enforce.names import quoted
from guard.policy.enforce.relations import Reference


@dataclass(frozen=True, slots=True)
class Asked:
    """One aggregating query, before it is rewritten; `select` is rewritten in place afterwards.

    `table` is the base table whose rows it counts.

    `same` are the comparisons `column = literal` of a query over one base table; `rest` is everything else that
    chooses rows, sorted; `keys` are the group keys as text. `plain`: rows of one base table are chosen by comparisons
    of that kind alone, and grouped by columns alone.
    """

    select: exp.Select
    table: exp.Table
    same: tuple[tuple[str, str], ...]
    rest: tuple[str, ...]
    keys: tuple[str, ...]
    plain: bool


def asked(select: exp.Select, found: dict[int, Reference]) -> Asked:
    """What a query that aggregates rows asks."""
    same: list[tuple[str, str]] = []
    rest: list[str] = []
    over_one = _over_a_table(select, found) and not select.args.get("joins")
    for query in select.find_all(exp.Select):
        plain = query is select and _over_a_table(select, found)
        where = query.args.get("where")
        for part in _conjuncts(where.this) if where is not None else ():
            column, literal = part.args.get("this"), part.args.get("expression")
            if plain and type(part) is exp.EQ and isinstance(column, exp.Column) and isinstance(literal, exp.Literal):
                same.append((column.name.lower(), literal.name))
            else:
                rest.append(_text(part))
    grouped = _keys(select)
    ordinary = over_one and not rest and all(isinstance(key, exp.Column) for key in grouped)
    shape = select.copy()
    for clause in ("expressions", "where", "group", "having", "order", "limit", "offset", "with_"):
        shape.set(clause, None)
    rest.append(_text(shape))  # what it reads: tables, nested queries with their own conditions
    keys = tuple(key.name.lower() if isinstance(key, exp.Column) else _text(key) for key in grouped)
    return Asked(select, _counted(select, found), tuple(sorted(same)), tuple(sorted(rest)), keys, ordinary)


def probe(one: Asked) -> exp.Select:
    """The rewritten query with its group keys and `count(*)` as its outputs."""
    select = one.select
    keys = _keys(select)
    outputs = [exp.Alias(this=key.copy(), alias=quoted(f"g{number}")) for number, key in enumerate(keys)]
    counted = exp.Alias(this=exp.Count(this=exp.Star(), big_int=True), alias=quoted("n"))
    made = exp.Select(expressions=[*outputs, counted])
    for part in ("from_", "where"):
        if select.args.get(part) is not None:
            made.set(part, select.args[part].copy())
    if keys:
        made.set("group", exp.Group(expressions=[key.copy() for key in keys]))
    having = select.args["having"].this
    first = next(having.flatten()) if isinstance(having, exp.And) else having  # the bound, which was woven in
    made.set("having", exp.Having(this=first.copy()))
    around = [with_ for node in (select, *_above(select)) if isinstance(with_ := node.args.get("with_"), exp.With)]
    if around:
        every = [cte.copy() for with_ in reversed(around) for cte in with_.expressions]
        made.set("with_", exp.With(expressions=every))
    return made


def _keys(select: exp.Select) -> list[exp.Expr]:
    """The group keys as expressions: a number means an output, a name may be that of one."""
    outputs = [each.unalias() for each in select.expressions]
    named = {each.alias.lower(): each.this for each in select.expressions if isinstance(each, exp.Alias)}
    keys: list[exp.Expr] = []
    for key in select.args["group"].expressions if select.args.get("group") else []:
        if isinstance(key, exp.Literal) and key.is_int and 0 < int(key.name) <= len(outputs):
            keys.append(outputs[int(key.name) - 1])
        elif isinstance(key, exp.Column) and not key.table and key.name.lower() in named:
            keys.append(named[key.name.lower()])
        else:
            keys.append(key)
    return keys


def _counted(select: exp.Select, found: dict[int, Reference]) -> exp.Table:
    """The one base table below a query of rows, through subqueries and common table expressions."""
    node: exp.Expr = select
    while True:
        if isinstance(node, exp.Subquery | exp.CTE):
            node = node.this
        elif isinstance(node, exp.Select):
            node = node.args["from_"].this
        elif isinstance(node, exp.Table) and (cte := found[id(node)].cte) is not None:
            node = cte
        elif isinstance(node, exp.Table):
            return node
        else:
            raise denied("a grouped query counts the rows of no table", "group the rows of one table")


def _over_a_table(select: exp.Select, found: dict[int, Reference]) -> bool:
    source = select.args["from_"].this if select.args.get("from_") else None
    reference = found.get(id(source))
    return reference is not None and reference.cte is None and not reference.is_function


def _conjuncts(condition: exp.Expr) -> list[exp.Expr]:
    return [part.unnest() for part in condition.flatten()] if isinstance(condition, exp.And) else [condition.unnest()]


def _text(node: exp.Expr) -> str:
    return node.sql(comments=False, normalize_functions="lower")


def _above(node: exp.Expr) -> list[exp.Expr]:
    found: list[exp.Expr] = []
    parent = node.parent
    while parent is not None:
        if not isinstance(parent, exp.CTE | exp.With):
            found.append(parent)
        parent = parent.parent
    return found
