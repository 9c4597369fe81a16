"""Whether a fence must stand, as the proof sees it: read off the text that is about to run, outside of the wraps.

The rewriter decides by its own list (`failing.py`) on the statement as it came. This list is kept apart, and is never
the longer one of the two: what it holds to be harmless, the rewriter may fence all the same. DuckDB's implicit casts in
comparisons are left to the rewriter, since the text does not show types.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlglot import exp

_HARMLESS: Final = frozenset(
    {
        # structure
        exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.With, exp.CTE, exp.From, exp.Join,
        exp.Table, exp.TableAlias, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset,
        exp.Fetch, exp.LimitOptions, exp.Distinct, exp.Filter, exp.Paren, exp.Tuple,
        # names and values
        exp.Identifier, exp.Column, exp.Star, exp.Alias, exp.Dot, exp.Literal, exp.Boolean, exp.Null, exp.Parameter,
        exp.Placeholder, exp.Var,
        # operators and calls that answer for every value of their types
        exp.And, exp.Or, exp.Not, exp.Is, exp.Exists, exp.Case, exp.If, exp.Coalesce, exp.EQ, exp.NEQ, exp.GT, exp.GTE,
        exp.LT, exp.LTE, exp.Between, exp.In, exp.Like, exp.ILike, exp.Escape, exp.Count, exp.Min, exp.Max, exp.Sum,
        exp.Avg, exp.Lower, exp.Upper, exp.Length,
    }
)  # fmt: skip
_HARMLESS_CALLS: Final = frozenset(
    {"count", "min", "max", "sum", "avg", "lower", "upper", "length", "stddev", "stddev_pop", "stddev_samp", "variance"}
)


def needs_fence(tree: exp.Expr, is_wrap: Callable[[exp.Expr], bool]) -> bool:
    """True when something outside of the wraps may fail on a value."""
    for node in tree.walk(prune=is_wrap):
        if is_wrap(node) or type(node) in _HARMLESS:
            continue
        if isinstance(node, exp.Anonymous) and str(node.this).lower() in _HARMLESS_CALLS:
            continue
        return True
    return False


def stands(select: exp.Select, dialect: str) -> bool:
    """Whether a wrap ends in its fence: `OFFSET 0`, behind `LIMIT -1` in SQLite, the greatest one in MariaDB."""
    offset, limit = select.args.get("offset"), select.args.get("limit")
    if offset is None or offset.expression != exp.Literal.number(0):
        return False
    if dialect == "mysql":
        return limit is not None and limit.expression == exp.Literal.number("18446744073709551615")
    if dialect != "sqlite":
        return limit is None
    return limit is not None and limit.expression == exp.Neg(this=exp.Literal.number(1))
