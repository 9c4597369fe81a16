"""Ranger's CUSTOM mask, which is text in SQL, as a mask of guard's with cases; what has no counterpart is refused.

    mask       form | CASE WHEN predicate THEN form ... [ELSE form] END
    form       {col} | NULL | 'text'

No function, no other column outside of a condition: an expression that guard cannot read whole becomes NULL instead.
"""

from __future__ import annotations

from typing import Any, Final

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

from guard.errors import UsageError
from guard.policy.ranger.filter_expression import MAX_TEXT, convert

MAX_CASES: Final = 16  # as in the verdict
_COLUMN: Final = "guard_masked_column"
_HELP: Final = "write the rule by hand; a mask is {col}, NULL or a text, or a CASE of them over conditions"


def custom(text: str) -> dict[str, Any]:
    """Transform, parameters and cases of the expression, as rules write them.

    Raises:
        UsageError: the expression is outside of the grammar; it is not repeated, for it may hold values.
    """
    try:
        known = len(text) <= MAX_TEXT and _COLUMN not in text.lower()
        tree = parse_one(text.replace("{col}", _COLUMN), dialect="hive") if known else None
    except (SqlglotError, RecursionError):
        tree = None
    if tree is None:
        raise UsageError("the mask is no SQL expression", help=_HELP)
    tree = tree.unnest()
    if not isinstance(tree, exp.Case):
        return {**_form(tree), "cases": []}
    branches = tree.args.get("ifs") or []
    if tree.this is not None or len(branches) >= MAX_CASES:
        raise UsageError("the mask compares one value with several, or has too many branches", help=_HELP)
    cases = [{"when": _condition(each.this), **_form(each.args["true"])} for each in branches]
    otherwise = _form(tree.args.get("default") or exp.Null())
    if not otherwise["transform"]:  # shown where no branch holds: a last case that always does, over a mask that hides
        cases.append({"when": {"op": "and", "all": []}, **otherwise})
        otherwise = {"transform": "null", "params": {}}
    return {**otherwise, "cases": cases}


def _condition(node: exp.Expr) -> dict[str, Any]:
    if any(column.name.lower() == _COLUMN for column in node.find_all(exp.Column)):
        raise UsageError("a condition of the mask asks for {col}", help="name the column in the condition")
    return convert(node)


def _form(node: exp.Expr) -> dict[str, Any]:
    node = node.unnest()
    if isinstance(node, exp.Null):
        return {"transform": "null", "params": {}}
    if isinstance(node, exp.Literal) and node.is_string:
        return {"transform": "constant", "params": {"value": node.name}}
    if isinstance(node, exp.Column) and not node.table and node.name.lower() == _COLUMN:
        return {"transform": "", "params": {}}
    raise UsageError("the mask computes something that guard does not", help=_HELP)
