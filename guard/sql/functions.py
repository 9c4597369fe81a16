"""The functions that a statement calls, by name."""

from __future__ import annotations

from sqlglot import exp

# Syntax that sqlglot keeps as functions.
_SYNTAX = (exp.And, exp.Or, exp.Xor, exp.Case, exp.Cast, exp.TryCast, exp.Exists)


def functions(statement: exp.Expression) -> tuple[str, ...]:
    """Lower-case names, sorted, without repeats; `schema.name` where the statement gives a schema.

    A function that sqlglot knows has its SQL name there (`list(x)` in DuckDB is `array_agg`); one that it does not
    know has the name that was written. Operators and casts are not functions here.
    """
    names: set[str] = set()
    for node in statement.walk():
        branch = isinstance(node, exp.If) and isinstance(node.parent, exp.Case)
        if isinstance(node, exp.Func) and not isinstance(node, _SYNTAX) and not branch:
            names.add(name(node))
    return tuple(sorted(names))


def name(node: exp.Expr) -> str:
    """The lower-case name of one call."""
    if isinstance(node, (exp.Anonymous, exp.AnonymousAggFunc)):
        own = str(node.this).lower()
    else:
        own = node.sql_name().lower() if isinstance(node, exp.Func) else type(node).__name__.lower()
    parent = node.parent
    schema: list[exp.Expr] = []
    if isinstance(parent, exp.Dot) and parent.expression is node:
        schema = [part for part in parent.this.walk() if isinstance(part, exp.Identifier)]
    elif isinstance(parent, exp.Table):
        schema = [part for part in (parent.args.get("catalog"), parent.args.get("db")) if part is not None]
    return ".".join([*(part.name.lower() for part in schema), own])
