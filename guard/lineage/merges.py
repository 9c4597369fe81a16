"""MERGE: each branch is a write of its own over the join of target and source."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from guard.lineage.output import output
from guard.lineage.write import UnknownWriteError, Write, assigned, carry_with, copies, stored_in, table_of
from guard.sql.catalogue import Catalogue


def merge(node: exp.Merge, catalogue: Catalogue) -> list[Write]:
    target = table_of(node.this)
    source: Any = node.args["using"]
    whens = node.args["whens"].expressions
    copies(source, len(whens))
    result = []
    for when in whens:
        then = when.args.get("then")
        names, values = _merged(then, source, stored_in(target, catalogue, frozenset()))
        query = exp.Select(expressions=values or [exp.Literal.number(1)])
        query.set("from_", exp.From(this=node.this.copy()))
        query.set("joins", [exp.Join(this=source.copy(), on=node.args["on"].copy())])
        if when.args.get("condition") is not None:
            query.set("where", exp.Where(this=when.args["condition"]))
        carry_with(node, query)
        result.append(Write(target, query, names, in_place=True))
    return [*result, *output(node, table_of(node.this), [node.this, source], {})]


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
        return assigned(then.expressions), [one.expression for one in then.expressions]
    if isinstance(then, exp.Insert):
        values = then.args.get("expression")
        if isinstance(then.this, exp.Star) or not isinstance(values, exp.Expr):
            return None, [everything]
        cells = list(values.expressions[0].expressions if isinstance(values, exp.Values) else values.expressions)
        names = tuple(column.name for column in then.this.expressions) if then.this is not None else stored
        return names if names is not None else tuple("*" for _ in cells), cells
    return (), []  # DELETE, DO NOTHING
