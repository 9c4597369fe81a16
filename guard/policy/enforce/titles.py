"""The names of result columns that the user did not name.

DuckDB, SQLite and MariaDB call such a column by the text of its expression. Enforcement changes that text (full names
of built-ins, reserved names), so the name that the user's own text would give is written down before.
PostgreSQL names by the function alone, which enforcement does not change.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from guard.policy.enforce.names import quoted

MAX_TITLE: Final = 120  # characters
NAMED_BY_TEXT: Final = frozenset({"duckdb", "sqlite", "mysql"})
# What already has a name, or makes several columns.
_LEFT_ALONE: Final = (exp.Alias, exp.Aliases, exp.Column, exp.Star, exp.Dot, exp.Columns, exp.Unnest, exp.Explode)


def keep_titles(tree: exp.Expr, dialect: str) -> None:
    """Gives every unnamed column of the answer the name that it would have had; `tree` is changed in place."""
    if dialect not in NAMED_BY_TEXT:
        return
    select = _first_select(tree)
    for expression in list(select.expressions) if select is not None else []:
        if isinstance(expression, _LEFT_ALONE) or expression.find(exp.Columns, exp.Unnest, exp.Explode):
            continue
        if expression.find(exp.Star) and not expression.find(exp.Count):
            continue
        title = _title(expression, dialect)
        # A plain word (`CURRENT_DATE`) as an alias could be taken for the expression itself.
        if not title.isidentifier():
            expression.replace(exp.Alias(this=expression.copy(), alias=quoted(title)))


def unnamed(tree: exp.Expr) -> bool:
    """Whether a column of the answer is named by its text."""
    select = _first_select(tree)
    return select is None or not all(isinstance(each, _LEFT_ALONE) for each in select.expressions)


def _first_select(tree: exp.Expr) -> exp.Select | None:
    """The SELECT whose columns name the answer: of a set operation the first."""
    while isinstance(tree, (exp.SetOperation, exp.Subquery)):
        tree = tree.this
    return tree if isinstance(tree, exp.Select) else None


def _title(expression: exp.Expr, dialect: str) -> str:
    text = expression.sql(dialect=dialect, comments=False, normalize_functions="lower")
    if dialect == "duckdb":
        text = text.replace("count(*)", "count_star()")
    return text[:MAX_TITLE]
