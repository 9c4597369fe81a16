"""Arrow values as JSON has them.

Numbers stay numbers while JSON can carry them; decimals, dates, times and durations are text (ISO 8601), bytes are
base64, and the floats that JSON lacks are the texts `NaN`, `Infinity` and `-Infinity`.
"""

from __future__ import annotations

import base64
import math
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import pyarrow as pa


def columns(table: pa.Table) -> list[dict[str, Any]]:
    """The columns in their order: `name`, Arrow's `type`, and the `values`."""
    return [
        {"name": name, "type": str(column.type), "values": values(column)}
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]


def rows(table: pa.Table) -> list[dict[str, Any]]:
    """The rows in their order, each by name."""
    names, by_column = table.column_names, [values(column) for column in table.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*by_column, strict=True)]


def values(column: pa.ChunkedArray) -> list[Any]:
    """The values of one column."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        # Python's datetime ends at microseconds; Arrow's own text does not.
        return [None if text is None else text.replace(" ", "T", 1) for text in column.cast(pa.string()).to_pylist()]
    if pa.types.is_time64(kind) and kind.unit == "ns":
        return list(column.cast(pa.string()).to_pylist())
    if pa.types.is_duration(kind) and kind.unit == "ns":
        column = column.cast(pa.duration("us"), safe=False)
    if pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_boolean(kind):
        return list(column.to_pylist())
    return [plain(value) for value in column.to_pylist()]


def plain(value: Any) -> Any:
    """One value; what JSON has no type for becomes text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _not_finite(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return msgspec.to_builtins(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return str(value)


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
