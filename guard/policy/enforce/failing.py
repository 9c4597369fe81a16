"""Whether anything in a statement can fail on a value: then hidden rows must be fenced from it.

An engine may run the user's condition before the row filter. That is invisible unless the condition fails: the
error then tells of a row that this subject does not have. PostgreSQL, DuckDB and SQLite all reorder in some plans.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from sqlglot import exp

from guard.model import Table
from guard.policy.enforce.golden import GOLDEN
from guard.policy.enforce.mariadb import casts_to_truth, literals_fit
from guard.policy.enforce.patterns import may_fail
from guard.policy.enforce.types import Family, family
from guard.sql.names import lower

# Nothing of these fails on a value, given arguments that do not.
_TOTAL: Final = frozenset(
    {
        exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.With, exp.CTE, exp.From, exp.Join,
        exp.Table, exp.TableAlias, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.Limit, exp.Offset,
        exp.Fetch, exp.LimitOptions, exp.Distinct, exp.Identifier, exp.Column, exp.Star, exp.Alias, exp.Literal,
        exp.Boolean, exp.Null, exp.Paren, exp.Tuple, exp.Parameter, exp.Placeholder, exp.And, exp.Or, exp.Not,
        exp.Is, exp.Exists, exp.Count, exp.Min, exp.Max, exp.Case, exp.If, exp.Coalesce, exp.Var, exp.Filter,
        exp.Lower, exp.Upper, exp.Length, exp.Like, exp.ILike, exp.Escape,
    }
)  # fmt: skip

_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)


def never_fails(kind: type[exp.Expr], dialect: str) -> bool:
    """Whether nodes of a kind never fail on a value, whatever stands around them.

    In DuckDB a comparison does where it casts, which only the types of its operands tell.
    """
    return kind in _TOTAL or kind is exp.Sum or kind is exp.Avg or (kind in _COMPARISONS and dialect != "duckdb")


def can_fail(statement: exp.Expr, tables: Iterable[Table], dialect: str) -> bool:
    """True unless every part of `statement` is known never to fail on a value."""
    return next(failing_nodes(statement, tables, dialect), None) is not None


def failing_nodes(statement: exp.Expr, tables: Iterable[Table], dialect: str) -> Iterator[exp.Expr]:
    """The parts of `statement` that may fail on a value."""
    families = _Families(statement, tables, dialect) if dialect in {"duckdb", "mysql", *GOLDEN} else None
    for node in statement.walk():
        if may_fail(node) or (dialect == "mysql" and casts_to_truth(node)):
            yield node
        elif isinstance(node, exp.Sum | exp.Avg):
            continue  # runs above every filter; its argument is looked at by itself
        elif isinstance(node, _COMPARISONS):
            if families is not None and not families.agree(node):
                yield node
        elif isinstance(node, exp.Join) and node.args.get("using"):
            if families is not None:
                yield node
        elif type(node) not in _TOTAL:
            yield node


class _Families:
    """Types by column name, where the name means one family in every table and is not an alias of something else.

    DuckDB casts the text side of a comparison with a date or a number implicitly, and that cast fails on values;
    MariaDB does too, and warns with the value.
    """

    def __init__(self, statement: exp.Expr, tables: Iterable[Table], dialect: str) -> None:
        self._dialect = dialect
        self._by_name: dict[str, Family | None] = {}
        for table in tables:
            for column in table.columns:
                name, kind = lower(column.name), family(column.type, dialect)
                self._by_name[name] = kind if self._by_name.get(name, kind) == kind else None
        for alias in statement.find_all(exp.Alias, exp.TableAlias):
            names = [column.name for column in alias.columns] if isinstance(alias, exp.TableAlias) else [alias.alias]
            constant = _constant(alias) if dialect == "duckdb" else None
            for name in names:
                if not (isinstance(alias, exp.Alias) and alias.this.name == name):
                    at = lower(name)
                    self._by_name[at] = constant if self._by_name.get(at, constant) == constant else None

    def agree(self, node: exp.Expr) -> bool:
        """Whether all operands are columns and literals of one family."""
        operands = [value for part in node.args.values() for value in (part if isinstance(part, list) else [part])]
        kinds = {self._of(operand) for operand in operands if isinstance(operand, exp.Expr)}
        if self._dialect != "duckdb":
            return literals_fit(operands, kinds)
        kinds.discard("literal")
        return len(kinds) <= 1 and None not in kinds and "other" not in kinds

    def _of(self, node: exp.Expr) -> str | None:
        if isinstance(node, exp.Literal):
            # A text literal takes the column's type while binding, before any row; a number beside text is refused.
            return "literal"
        if isinstance(node, exp.Column):
            return self._by_name.get(lower(node.name))
        return None


def _constant(alias: exp.Expr) -> Family | None:
    """The family of a named literal: a column of new rows, as in `SELECT 1 AS id UNION ALL SELECT 2`.

    None unless every arm of the union has a literal of that family in its place.
    """
    select = alias.parent
    if not isinstance(alias, exp.Alias) or not isinstance(select, exp.Select) or alias.arg_key != "expressions":
        return None
    whole: exp.Expr = select
    while isinstance(whole.parent, exp.SetOperation):
        whole = whole.parent
    kinds = {_literal(arm, alias.index or 0) for arm in _arms(whole)}
    return kinds.pop() if len(kinds) == 1 else None


def _arms(whole: exp.Expr) -> Iterator[exp.Expr]:
    todo = [whole]
    while todo:
        node = todo.pop()
        if isinstance(node, exp.SetOperation):
            todo += [node.this, node.expression]
        else:
            yield node


def _literal(arm: exp.Expr, at: int) -> Family | None:
    outputs = arm.expressions if isinstance(arm, exp.Select) else []
    value = outputs[at].unalias() if at < len(outputs) else None
    if not isinstance(value, exp.Literal):
        return None
    return "text" if value.is_string else "integer" if value.is_int else None
