"""What is computed from noisy numbers: select list, HAVING, ORDER BY, LIMIT. Free, exact, and it cannot fail.

Numbers are `int` where SQL has a whole number and `Fraction` elsewhere, so that `/` means what it means in the engine.
A division by zero gives NULL. Floats appear when the answer is shown, and nowhere before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import cmp_to_key
from typing import Any, Final, TypeAlias

from sqlglot import exp

from guard.anonymize.dp.sql.expression import strange_part
from guard.anonymize.dp.sql.refusal import Refusal

Cell: TypeAlias = int | Fraction | str | bool | date | datetime | None
MAX_PLACES = 30  # of ROUND


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the answer: its title and what it is computed from (`:k0` keys, `:a0` aggregates)."""

    title: str
    node: exp.Expr


@dataclass(frozen=True, slots=True)
class Ordering:
    """One item of ORDER BY."""

    node: exp.Expr
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Post:
    """Everything that happens after the noise."""

    dialect: str
    columns: tuple[Column, ...]
    having: exp.Expr | None
    order: tuple[Ordering, ...]
    limit: int | None
    offset: int


def check(post: Post) -> None:
    """Refuses what `finish` could not compute.

    Raises:
        Refusal: an expression over aggregates is not on the list.
    """
    for node in (*(column.node for column in post.columns), *(item.node for item in post.order)):
        _check(node)
    if post.having is not None:
        _check(post.having)


def arranged(post: Post, rows: Sequence[Mapping[str, Cell]]) -> list[Mapping[str, Cell]]:
    """The rows that are shown, in order; without ORDER BY in the order of the keys, which tells nothing."""
    kept = [row for row in rows if post.having is None or _value(post.having, row, post.dialect) is True]
    kept.sort(key=lambda row: tuple(_rank(row[name]) for name in sorted(row) if name.startswith("k")))
    if post.order:
        kept.sort(key=cmp_to_key(lambda left, right: _compare_rows(post, left, right)))
    end = None if post.limit is None else post.offset + post.limit
    return kept[post.offset : end]


def shown(post: Post, node: exp.Expr, row: Mapping[str, Cell]) -> Cell:
    """The value of one expression in one row."""
    return _value(node, row, post.dialect)


def finish(post: Post, rows: Sequence[Mapping[str, Cell]]) -> list[tuple[Cell, ...]]:
    """The cells of the answer."""
    return [tuple(shown(post, column.node, row) for column in post.columns) for row in arranged(post, rows)]


def _check(node: exp.Expr) -> None:
    if isinstance(node, exp.Cast):
        known = node.to.this.name in ("DOUBLE", "FLOAT", "INT", "BIGINT") and not node.to.expressions
        if not known and (node.to.this.name != "DECIMAL" or _places(node.to) is None):
            raise Refusal(
                "dp-post",
                "this cast of an answer",
                help="cast to DOUBLE, BIGINT or DECIMAL, or not at all",
                node=node,
            )
        _check(node.this)
        return
    if strange_part(node) or (type(node) not in _OPERATIONS and not isinstance(node, exp.If)):
        name = node.sql_name().lower() if isinstance(node, exp.Func) else node.key
        raise Refusal(
            "dp-post",
            f"`{name}` over aggregates is not on the list",
            help="use arithmetic, comparisons, CASE, COALESCE, NULLIF, ROUND, ABS, FLOOR or CEIL over aggregates",
            node=node,
        )
    for child in node.iter_expressions():
        if not isinstance(child, exp.DataType | exp.Var):
            _check(child)


def _value(node: exp.Expr, row: Mapping[str, Cell], dialect: str) -> Cell:
    if isinstance(node, exp.If):
        chosen = node.args["true"] if _value(node.this, row, dialect) is True else node.args.get("false")
        return _value(chosen, row, dialect) if chosen is not None else None
    return _OPERATIONS[type(node)](node, row, dialect) if not isinstance(node, exp.Cast) else _cast(node, row, dialect)


def _cast(node: exp.Cast, row: Mapping[str, Cell], dialect: str) -> Cell:
    value = _value(node.this, row, dialect)
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        return value
    if node.to.this.name in ("INT", "BIGINT"):
        return _rounded(Fraction(value)) if dialect != "sqlite" else int(value)
    if node.to.expressions and dialect != "sqlite":  # where DECIMAL(9, 2) is a hint
        return _to_places(Fraction(value), _places(node.to) or 0)
    return Fraction(value)


def _places(kind: exp.DataType) -> int | None:
    """The digits that DECIMAL(p, s) keeps behind the point; None where they are no numbers."""
    sizes = [str(each.this.this) if isinstance(each, exp.DataTypeParam) else "" for each in kind.expressions]
    if not all(size.isdigit() for size in sizes):
        return None
    return min(int(sizes[1]), MAX_PLACES) if len(sizes) == 2 else 0


def _rounded(value: Fraction) -> int:
    """Half away from zero, as SQL rounds."""
    half = int(abs(value) + Fraction(1, 2))
    return half if value >= 0 else -half


def _placeholder(node: exp.Placeholder, row: Mapping[str, Cell], _dialect: str) -> Cell:
    return row[str(node.this)]


def _literal(node: exp.Literal, _row: Mapping[str, Cell], _dialect: str) -> Cell:
    if node.is_string:
        return str(node.this)
    number = Fraction(str(node.this))
    return int(number) if str(node.this).isdigit() else number


def _pair(node: exp.Expr, row: Mapping[str, Cell], dialect: str) -> tuple[Cell, Cell]:
    return _value(node.args["this"], row, dialect), _value(node.args["expression"], row, dialect)


def _numbers(left: Cell, right: Cell) -> bool:
    return all(isinstance(each, int | Fraction) for each in (left, right))


def _arithmetic(calculate: Callable[[Any, Any], Any]) -> Callable[[Any, Mapping[str, Cell], str], Cell]:
    def run(node: exp.Binary, row: Mapping[str, Cell], dialect: str) -> Cell:
        left, right = _pair(node, row, dialect)
        return calculate(left, right) if _numbers(left, right) else None

    return run


def _divide(node: exp.Div, row: Mapping[str, Cell], dialect: str) -> Cell:
    left, right = _pair(node, row, dialect)
    if not _numbers(left, right) or right == 0:
        return None
    if node.args.get("typed") and isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    assert isinstance(left, int | Fraction)
    assert isinstance(right, int | Fraction)
    return Fraction(left) / Fraction(right)


def _compared(test: Callable[[int], bool]) -> Callable[[Any, Mapping[str, Cell], str], Cell]:
    def run(node: exp.Binary, row: Mapping[str, Cell], dialect: str) -> Cell:
        left, right = _pair(node, row, dialect)
        return _test(left, right, test)

    return run


def _test(left: Cell, right: Cell, test: Callable[[int], bool]) -> bool | None:
    if left is None or right is None:
        return None
    first, second = _rank(left), _rank(right)
    return test((first > second) - (first < second))


def _and(node: exp.And, row: Mapping[str, Cell], dialect: str) -> Cell:
    parts = _pair(node, row, dialect)
    if False in [part for part in parts if isinstance(part, bool)]:
        return False
    return None if None in parts else True


def _or(node: exp.Or, row: Mapping[str, Cell], dialect: str) -> Cell:
    parts = _pair(node, row, dialect)
    if True in [part for part in parts if isinstance(part, bool)]:
        return True
    return None if None in parts else False


def _not(node: exp.Not, row: Mapping[str, Cell], dialect: str) -> Cell:
    value = _value(node.this, row, dialect)
    return None if value is None else not value


def _is(node: exp.Is, row: Mapping[str, Cell], dialect: str) -> Cell:
    value = _value(node.this, row, dialect)
    holds = value is None if isinstance(node.expression, exp.Null) else value is bool(node.expression.this)
    return holds is not bool(node.args.get("negate"))


def _between(node: exp.Between, row: Mapping[str, Cell], dialect: str) -> Cell:
    value, low, high = (_value(node.args[part], row, dialect) for part in ("this", "low", "high"))
    parts = (_test(value, low, lambda sign: sign >= 0), _test(value, high, lambda sign: sign <= 0))
    return False if False in parts else None if None in parts else True


def _in(node: exp.In, row: Mapping[str, Cell], dialect: str) -> Cell:
    value = _value(node.this, row, dialect)
    parts = [_test(value, _value(each, row, dialect), lambda sign: sign == 0) for each in node.expressions]
    return True if True in parts else None if None in parts else False


def _case(node: exp.Case, row: Mapping[str, Cell], dialect: str) -> Cell:
    for branch in node.args["ifs"]:
        holds = _value(branch.this, row, dialect)
        if node.this is not None:
            holds = _test(_value(node.this, row, dialect), holds, lambda sign: sign == 0)
        if holds is True:
            return _value(branch.args["true"], row, dialect)
    default = node.args.get("default")
    return _value(default, row, dialect) if default is not None else None


def _coalesce(node: exp.Coalesce, row: Mapping[str, Cell], dialect: str) -> Cell:
    values = (_value(each, row, dialect) for each in (node.this, *node.expressions))
    return next((value for value in values if value is not None), None)


def _nullif(node: exp.Nullif, row: Mapping[str, Cell], dialect: str) -> Cell:
    left, right = _pair(node, row, dialect)
    return None if _test(left, right, lambda sign: sign == 0) else left


def _round(node: exp.Round, row: Mapping[str, Cell], dialect: str) -> Cell:
    value = _value(node.this, row, dialect)
    places = _value(node.args["decimals"], row, dialect) if node.args.get("decimals") is not None else 0
    if not isinstance(value, int | Fraction) or not isinstance(places, int):
        return None
    return _to_places(Fraction(value), places)


def _to_places(value: Fraction, places: int) -> Fraction:
    power = Fraction(10) ** max(-MAX_PLACES, min(places, MAX_PLACES))
    return Fraction(_rounded(value * power)) / power


def _one(calculate: Callable[[Any], Any]) -> Callable[[Any, Mapping[str, Cell], str], Cell]:
    def run(node: exp.Expr, row: Mapping[str, Cell], dialect: str) -> Cell:
        value = _value(node.args["this"], row, dialect)
        return calculate(value) if isinstance(value, int | Fraction) else None

    return run


_OPERATIONS: Final[dict[type[exp.Expr], Callable[[Any, Mapping[str, Cell], str], Cell]]] = {
    exp.Placeholder: _placeholder,
    exp.Literal: _literal,
    exp.Boolean: lambda node, _row, _dialect: bool(node.this),
    exp.Null: lambda _node, _row, _dialect: None,
    exp.Paren: lambda node, row, dialect: _value(node.this, row, dialect),
    exp.Add: _arithmetic(lambda left, right: left + right),
    exp.Sub: _arithmetic(lambda left, right: left - right),
    exp.Mul: _arithmetic(lambda left, right: left * right),
    exp.Div: _divide,
    exp.Neg: _one(lambda value: -value),
    exp.Abs: _one(abs),
    exp.Floor: _one(lambda value: value.__floor__()),
    exp.Ceil: _one(lambda value: value.__ceil__()),
    exp.Round: _round,
    exp.EQ: _compared(lambda sign: sign == 0),
    exp.NEQ: _compared(lambda sign: sign != 0),
    exp.GT: _compared(lambda sign: sign > 0),
    exp.GTE: _compared(lambda sign: sign >= 0),
    exp.LT: _compared(lambda sign: sign < 0),
    exp.LTE: _compared(lambda sign: sign <= 0),
    exp.And: _and,
    exp.Or: _or,
    exp.Not: _not,
    exp.Is: _is,
    exp.Between: _between,
    exp.In: _in,
    exp.Case: _case,
    exp.Coalesce: _coalesce,
    exp.Nullif: _nullif,
}


def _rank(value: Cell) -> tuple[int, Any]:
    """An order over cells of all kinds: NULL last, then by kind, then by value."""
    if value is None:
        return 9, 0
    if isinstance(value, bool):
        return 0, value
    if isinstance(value, int | Fraction):
        return 1, value
    if isinstance(value, datetime):
        return 3, value.isoformat()
    if isinstance(value, date):
        return 2, value.isoformat()
    return 4, str(value)


def _compare_rows(post: Post, left: Mapping[str, Cell], right: Mapping[str, Cell]) -> int:
    for item in post.order:
        first, second = _value(item.node, left, post.dialect), _value(item.node, right, post.dialect)
        if first is None or second is None:
            if first is not None or second is not None:
                return (1 if first is None else -1) * (-1 if item.nulls_first else 1)
            continue
        a, b = _rank(first), _rank(second)
        if a != b:
            return ((a > b) - (a < b)) * (-1 if item.descending else 1)
    return 0
