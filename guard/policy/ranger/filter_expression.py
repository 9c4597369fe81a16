"""A row filter of Ranger's, which is text in SQL, as a predicate of guard's; what has no counterpart is refused."""

from __future__ import annotations

from typing import Any

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from guard.errors import UsageError

MAX_TEXT = 10_000
_COMPARES: dict[type[exp.Expr], tuple[str, str]] = {
    exp.EQ: ("eq", "eq"),
    exp.NEQ: ("ne", "ne"),
    exp.LT: ("lt", "gt"),
    exp.LTE: ("le", "ge"),
    exp.GT: ("gt", "lt"),
    exp.GTE: ("ge", "le"),
}


def predicate(text: str) -> dict[str, Any]:
    """The predicate as rules write it.

    Raises:
        UsageError: the text is no such condition; it is not repeated, for it may hold values.
    """
    try:
        tree = parse_one(text, dialect="hive") if len(text) <= MAX_TEXT else None
    except (SqlglotError, RecursionError):
        tree = None
    if tree is None:
        raise UsageError("the filter is no SQL condition", help=_HELP)
    return convert(tree)


def convert(node: exp.Expr) -> dict[str, Any]:
    """A parsed condition as a predicate.

    Raises:
        UsageError: it uses what a predicate cannot say.
    """
    if isinstance(node, exp.Paren):
        return convert(node.this)
    if isinstance(node, exp.And | exp.Or):
        key, op = ("all", "and") if isinstance(node, exp.And) else ("any", "or")
        return {"op": op, key: [convert(node.left), convert(node.right)]}
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return {"op": "is_null", "column": _column(node.this)}
    if isinstance(node, exp.Boolean):
        return {"op": "and", "all": []} if node.this else {"op": "or", "any": []}
    if isinstance(node, exp.Not) and isinstance(node.this.unnest(), exp.Is):
        return {"op": "not", "inner": convert(node.this.unnest())}
    if isinstance(node, exp.In) and node.expressions:
        values = [_value(one) for one in node.expressions]
        return {"op": "in", "column": _column(node.this), "values": values}
    kind = _COMPARES.get(type(node))
    if kind is not None and isinstance(node, exp.Binary):
        if isinstance(node.left, exp.Column):
            return {"op": "compare", "column": _column(node.left), "cmp": kind[0], "value": _value(node.right)}
        if _is_number(node.left) and _is_number(node.right) and kind[0] == "eq":
            same = _value(node.left) == _value(node.right)  # `1 = 1` and `1 = 0`, as people write all and none
            return {"op": "and", "all": []} if same else {"op": "or", "any": []}
        return {"op": "compare", "column": _column(node.right), "cmp": kind[1], "value": _value(node.left)}
    raise UsageError("the filter uses something that a predicate cannot say", help=_HELP)


def _column(node: exp.Expr) -> str:
    if isinstance(node, exp.Column) and not node.table:
        return node.name
    raise UsageError("the filter compares something that is no column", help=_HELP)


def _is_number(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string


def _value(node: exp.Expr) -> Any:
    if isinstance(node, exp.Neg) and _is_number(node.this):
        return -_value(node.this)
    if isinstance(node, exp.Literal):
        if node.is_string:
            return node.name
        return int(node.name) if node.name.isdigit() else float(node.name)
    if isinstance(node, exp.Boolean):
        return bool(node.this)
    raise UsageError("the filter compares with something that is no constant", help=_HELP)


_HELP = "write the rule by hand; a predicate compares columns with constants, joined by and, or, in, is null"
