"""The value of a row expression as acceptance knows it: its SQL, its kind, and for a number its exact range."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Literal, TypeAlias

from guard.anonymize.dp.sql.metadata import ColumnBounds
from guard.anonymize.sql_types import SqlType

Kind: TypeAlias = Literal["number", "text", "boolean", "date", "timestamp", "null", "other"]
Constant: TypeAlias = Fraction | str | bool | date | None

WIDEST = 2**62  # every whole number that the form computes stays below this in size; BIGINT holds 2**63


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column as it stands in its table, before it is brought onto a grid."""

    name: str
    type: SqlType
    bounds: ColumnBounds | None


@dataclass(frozen=True, slots=True)
class Val:
    """A row expression.

    A number without `leaf` is fixed: its value is `sql * scale`, `sql` is a whole number of type BIGINT in
    `[low, high]` or NULL, and computing it cannot fail. With `leaf` it is a bare column and `sql` names it.
    `bounded` says that the range follows from public statements, not merely from a type. `domain` lists every value
    that the expression can take (None among them for NULL), where that is known. `integer` is about the type that
    the engine would give the expression, which decides what `/` means. `unit` names the reference whose privacy
    unit this column is.
    """

    kind: Kind
    sql: str
    low: int = 0
    high: int = 0
    scale: Fraction = Fraction(1)
    leaf: Leaf | None = None
    bounded: bool = False
    domain: tuple[Constant, ...] | None = None
    integer: bool = False
    wide: bool = False  # an integer of 64 bits, whose SUM is exact numeric in PostgreSQL
    unit: str = ""
    constant: bool = False
    value: Constant = None  # of a constant
    clip: bool = False  # the owner lets the engine choose a lower upper end

    @property
    def fixed(self) -> bool:
        """True for a number on a grid."""
        return self.kind == "number" and self.leaf is None


def whole(value: Fraction | int, scale: Fraction = Fraction(1)) -> int:
    """`value / scale`, which must be whole."""
    quotient = Fraction(value) / scale
    assert quotient.denominator == 1
    return quotient.numerator


def number(value: Fraction) -> Val:
    """A constant number on the coarsest grid that holds it."""
    scale = Fraction(1, value.denominator)
    steps = value.numerator
    return Val(
        "number",
        literal(steps),
        steps,
        steps,
        scale,
        bounded=True,
        integer=scale == 1,
        constant=True,
        value=value,
        domain=(value,),
    )


def literal(steps: int) -> str:
    """A whole number as BIGINT: a bare literal would be 32 bits wide, and a sum of such may overflow."""
    return f"CAST({steps} AS BIGINT)" if steps >= 0 else f"CAST(({steps}) AS BIGINT)"


def common(left: Val, right: Val) -> tuple[Val, Val]:
    """Two fixed numbers on one grid; they may then be too wide, which the caller checks."""
    scale = Fraction(
        math.gcd(left.scale.numerator * right.scale.denominator, right.scale.numerator * left.scale.denominator),
        left.scale.denominator * right.scale.denominator,
    )
    return rescale(left, scale), rescale(right, scale)


def rescale(fixed: Val, scale: Fraction) -> Val:
    """The same number on a finer grid."""
    factor = whole(fixed.scale, scale)
    if factor == 1:
        return fixed
    if fixed.constant:
        steps = fixed.low * factor
        return replace(fixed, sql=literal(steps), low=steps, high=steps, scale=scale)
    sql = f"({fixed.sql} * {literal(factor)})"
    return replace(fixed, sql=sql, low=fixed.low * factor, high=fixed.high * factor, scale=scale)


def too_wide(fixed: Val) -> bool:
    """True when a value may not fit."""
    return max(abs(fixed.low), abs(fixed.high)) > WIDEST
