"""Bins of whole width for numbers, in Arrow and in SQL: the floor of a bin, or the nearest edge.

A number whose bin has no edge in the column's type becomes null (the lowest values of a `bigint`), so that no
value raises. Floating-point numbers of magnitude 1e300 and more become null, and below 1e-300 they count as 0, since
PostgreSQL raises on overflow and underflow; infinities and NaN become null.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from guard.anonymize.columns import array, is_text, map_text, no_form
from guard.anonymize.sql_functions import call, case, number, stored_as
from guard.anonymize.sql_types import Family, SqlType

Mode: TypeAlias = Literal["floor", "nearest"]

MAX_WIDTH = 10**15
LARGE, SMALL = 1e300, 1e-300
EXACT = 2**53  # from here on every double is a whole number
TEXT_NUMBER = r"^-?[0-9]{1,18}(\.[0-9]{1,9})?$"
_CURE = "use `generalise_number` and `round` on numbers; `generalise` takes a hierarchy of texts"


# --- Arrow ----------------------------------------------------------------------------------------------------


def binned(values: pa.Array | pa.ChunkedArray, width: int, mode: Mode, *, transform: str) -> pa.Array:
    """The bins of a column of numbers, or of texts that spell plain decimal numbers (anything else becomes null).

    Raises:
        TransformError: the type is neither.
    """
    one = array(values)
    kind = one.type
    if is_text(kind):
        return map_text(one, lambda text: _text(text, width, mode))
    if pa.types.is_integer(kind):
        wide = kind if pa.types.is_uint64(kind) else pa.int64()
        return _integers(one.cast(wide), width, mode, bounds(kind)).cast(kind)
    if pa.types.is_floating(kind):
        return _floats(one.cast(pa.float64()), width, mode).cast(kind)
    if pa.types.is_decimal(kind):
        return _decimals(one, width, mode)
    raise no_form(transform, kind, cure=_CURE)


def bounds(kind: pa.DataType) -> tuple[int, int]:
    """The lowest and the highest number of an integer type."""
    bits = kind.bit_width
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if pa.types.is_signed_integer(kind) else (0, 2**bits - 1)


def _integers(values: pa.Array, width: int, mode: Mode, bounds: tuple[int, int]) -> pa.Array:
    kind = values.type
    lowest, highest = _edges(*bounds, width)
    inside = pc.if_else(pc.greater_equal(values, pa.scalar(lowest, kind)), values, pa.scalar(None, kind))
    step = pa.scalar(width, kind)
    rest = pc.subtract(inside, pc.multiply(pc.divide(inside, step), step))
    rest = pc.if_else(pc.less(rest, pa.scalar(0, kind)), pc.add(rest, step), rest)
    floor = pc.subtract(inside, rest)
    if mode == "floor":
        return floor
    below = pc.less(floor, pa.scalar(highest, kind))
    upper = pc.add(pc.if_else(below, floor, pa.scalar(None, kind)), step)
    return pc.if_else(pc.greater_equal(rest, pa.scalar((width + 1) // 2, kind)), upper, floor)


def _edges(low: int, high: int, width: int) -> tuple[int, int]:
    """The lowest and the highest edge of a bin that the type can hold."""
    return -((-low) // width) * width, (high // width) * width


def _floats(values: pa.Array, width: int, mode: Mode) -> pa.Array:
    size = pc.abs(values)
    none = pa.scalar(None, pa.float64())
    inside = pc.if_else(pc.less(size, LARGE), values, none)  # NaN compares false
    inside = pc.if_else(pc.less(size, SMALL), pa.scalar(0.0), inside)
    step = pa.scalar(float(width))
    quotient = pc.divide(inside, step)
    if mode == "nearest":
        quotient = pc.add(quotient, pa.scalar(0.5))
    # Adding zero turns -0.0 into 0.0, which engines print differently.
    return pc.add(pc.multiply(pc.floor(quotient), step), pa.scalar(0.0))


def _decimals(values: pa.Array, width: int, mode: Mode) -> pa.Array:
    kind = values.type
    if kind.scale < 0 or kind.bit_width > 128:
        raise no_form("generalise_number", kind, cure="cast the column to decimal128 with a scale of 0 or more")
    limit = 10 ** (kind.precision - kind.scale)
    lowest, highest = _edges(1 - limit, limit - 1, width)
    wide = pa.decimal128(38, kind.scale)
    inside = pc.if_else(pc.greater_equal(values, pa.scalar(Decimal(lowest), wide)), values, pa.scalar(None, kind))
    if mode == "nearest":
        # Written out as text: arithmetic on Decimal rounds to 28 digits.
        half = pa.scalar(Decimal(f"{highest + width // 2}.{5 * (width % 2)}"), pa.decimal256(40, 1))
        inside = pc.if_else(pc.less(values, half), inside, pa.scalar(None, kind))
    if width >= limit:  # the step itself has no place in the type: all that is left is the bin of 0
        return pc.if_else(pc.is_valid(inside), pa.scalar(Decimal(0)).cast(kind), inside)
    rounding = "down" if mode == "floor" else "half_up"
    return pc.round_to_multiple(inside, pa.scalar(Decimal(width)).cast(kind), round_mode=rounding)


def _text(text: pa.Array, width: int, mode: Mode) -> pa.Array:
    plain = pc.if_else(pc.match_substring_regex(text, TEXT_NUMBER), text, pa.scalar(None, pa.string()))
    bins = _decimals(plain.cast(pa.decimal128(38, 9)), width, mode)
    return bins.cast(pa.decimal128(38, 0)).cast(pa.string())


# --- SQL ------------------------------------------------------------------------------------------------------


def binned_sql(column: exp.Expression, kind: SqlType, width: int, mode: Mode, *, transform: str) -> exp.Expression:
    """The same in SQL, for columns of numbers.

    Raises:
        TransformError: the column is not of a type of numbers.
    """
    if kind.dialect == "sqlite" and kind.family in {Family.INTEGER, Family.FLOAT}:
        whole = _integers_sql(column, kind, width, mode, bounds=(-(2**63), 2**63 - 1))
        real = _floats_sql(column, kind, width, mode)
        return case((stored_as(column, "integer"), whole), (stored_as(column, "real"), real))
    if kind.family is Family.INTEGER:
        return kind.cast(_integers_sql(column, kind, width, mode, bounds=(kind.low, kind.high)))
    if kind.family is Family.FLOAT:
        double = exp.Cast(this=column.copy(), to=exp.DataType.build("DOUBLE"))
        return kind.cast(_floats_sql(double, kind, width, mode))
    if kind.family is Family.DECIMAL:
        return _decimals_sql(column, kind, width, mode)
    raise no_form(transform, kind.name, cure=_CURE)


def _rest_sql(column: exp.Expression, kind: SqlType, width: int) -> exp.Expression:
    """What `column` is above the floor of its bin; a function MOD, since `%` begins a placeholder in some drivers."""
    step = number(width)
    if kind.dialect == "sqlite":
        rest: exp.Expression = exp.Paren(this=exp.Mod(this=column.copy(), expression=step))
    else:
        rest = call("MOD", column, step)
    raised = exp.Add(this=rest.copy(), expression=step.copy())
    if kind.dialect == "mysql":  # its decimals know a zero below zero
        return call("MOD", exp.Paren(this=raised), step)
    return case((exp.LT(this=rest, expression=number(0)), raised), otherwise=rest)


def _integers_sql(
    column: exp.Expression, kind: SqlType, width: int, mode: Mode, *, bounds: tuple[int, int]
) -> exp.Expression:
    """For whole numbers and decimals: `rest >= width / 2` is asked without a fraction that the type may not have."""
    lowest, highest = _edges(*bounds, width)
    rest = _rest_sql(column, kind, width)
    floor = exp.Sub(this=column.copy(), expression=rest)
    too_low = (exp.LT(this=column.copy(), expression=number(lowest)), exp.Null())
    if mode == "floor":
        return case(too_low, otherwise=floor)
    upper = exp.Add(this=floor.copy(), expression=number(width))
    raised = case((exp.LT(this=column.copy(), expression=number(highest)), upper))
    half, odd = divmod(width, 2)
    limit = exp.Literal.number(f"{half}.5") if odd and kind.family is Family.DECIMAL else number(half + odd)
    nearer = exp.GTE(this=rest.copy(), expression=limit)
    return case(too_low, (nearer, raised), otherwise=floor)


def _floats_sql(column: exp.Expression, kind: SqlType, width: int, mode: Mode) -> exp.Expression:
    step = exp.Cast(this=number(width), to=exp.DataType.build("DOUBLE"))
    quotient: exp.Expression = exp.Div(this=column.copy(), expression=step, typed=True, safe=False)
    if mode == "nearest":
        quotient = exp.Add(this=quotient, expression=exp.Literal.number("0.5"))
    floor = _floor_sqlite(quotient) if kind.dialect == "sqlite" else call("FLOOR", quotient)
    result = exp.Add(this=exp.Mul(this=floor, expression=step.copy()), expression=exp.Literal.number("0.0"))
    size = call("ABS", column)
    tiny = exp.LT(this=size, expression=double(SMALL))
    zero = exp.Cast(this=number(0), to=exp.DataType.build("DOUBLE"))
    finite = exp.LT(this=size.copy(), expression=double(LARGE))
    return case((tiny, zero), (finite, result))


def double(value: float) -> exp.Expression:
    """A literal of double precision."""
    return exp.Cast(this=exp.Literal.number(repr(value).replace("+", "")), to=exp.DataType.build("DOUBLE"))


def _floor_sqlite(quotient: exp.Expression) -> exp.Expression:
    """SQLite may be built without FLOOR. CAST cuts towards zero; from 2^53 on the quotient is whole already."""
    whole = exp.Cast(this=quotient.copy(), to=exp.DataType.build("BIGINT"))
    above = exp.Paren(this=exp.GT(this=whole, expression=exp.Paren(this=quotient.copy())))
    exact = exp.LT(this=call("ABS", quotient), expression=number(EXACT))
    return case((exact, exp.Sub(this=whole.copy(), expression=above)), otherwise=quotient)


def _decimals_sql(column: exp.Expression, kind: SqlType, width: int, mode: Mode) -> exp.Expression:
    if kind.high:
        return kind.cast(_integers_sql(column, kind, width, mode, bounds=(kind.low, kind.high)))
    # Without a precision, as PostgreSQL allows, every edge has a place.
    rest = _rest_sql(column, kind, width)
    floor = exp.Sub(this=column.copy(), expression=rest)
    if mode == "floor":
        return kind.cast(floor)
    nearer = exp.GTE(this=exp.Mul(this=rest.copy(), expression=number(2)), expression=number(width))
    return kind.cast(case((nearer, exp.Add(this=floor.copy(), expression=number(width))), otherwise=floor))
