"""MariaDB's values as Arrow, by the type that the server names for each column.

A value that the Arrow type cannot hold (a date `0000-00-00`, a whole number above 2^63) makes the whole column decimal
or text: nothing is rounded or dropped in silence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pyarrow as pa

_WHOLE: Final = frozenset({1, 2, 3, 8, 9, 13})  # TINY, SHORT, LONG, LONGLONG, INT24, YEAR
_FLOATS: Final = frozenset({4, 5})
_DECIMALS: Final = frozenset({0, 246})
_INT64: Final = 2**63 - 1
MAX_DECIMAL128: Final = 38  # digits


def table(described: Sequence[Sequence[Any]], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows under the driver's description of their columns."""
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) if rows else [()] * len(described)
    names = [column[0] for column in described]
    return pa.table([_column(values, column) for values, column in zip(columns, described, strict=True)], names=names)


def _column(values: Sequence[Any], described: Sequence[Any]) -> pa.Array:
    import pyarrow as pa

    code: int = described[1]
    kinds = set(map(type, values)) - {type(None)}
    if code in _WHOLE and kinds <= {int}:
        wide = any(value is not None and value > _INT64 for value in values)
        return pa.array(values, pa.decimal128(20, 0) if wide else pa.int64())
    if code in _FLOATS and kinds <= {int, float}:
        return pa.array(values, pa.float64())
    if code in _DECIMALS:
        return pa.array(values, _decimal(*described[4:6]))
    if kinds == {bytes}:
        return pa.array(values, pa.binary())
    if kinds == {dt.datetime}:
        return pa.array(values, pa.timestamp("us"))
    if kinds == {dt.date}:
        return pa.array(values, pa.date32())
    if kinds == {dt.timedelta}:
        return pa.array([None if value is None else _clock(value) for value in values], pa.string())
    if not kinds:
        return pa.array(values, _all_null(code))
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _all_null(code: int) -> pa.DataType:
    import pyarrow as pa

    if code in _WHOLE:
        return pa.int64()
    if code in _FLOATS:
        return pa.float64()
    return {7: pa.timestamp("us"), 12: pa.timestamp("us"), 10: pa.date32()}.get(code, pa.string())


def _decimal(length: int, scale: int) -> pa.DataType:
    """`length` is the width on a screen: digits, and room for a sign and a point."""
    import pyarrow as pa

    digits = max(length - bool(scale), scale, 1)
    return pa.decimal128(digits, scale) if digits <= MAX_DECIMAL128 else pa.decimal256(min(digits, 76), scale)


def _clock(value: dt.timedelta) -> str:
    """`[-]HH:MM:SS[.ffffff]`, as the server prints its TIME, which goes from -838 to 838 hours."""
    sign, value = ("-", -value) if value < dt.timedelta() else ("", value)
    hours, rest = divmod(int(value.total_seconds()), 3600)
    fraction = f".{value.microseconds:06d}" if value.microseconds else ""
    return f"{sign}{hours:02d}:{rest // 60:02d}:{rest % 60:02d}{fraction}"


def _text(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
