"""Arrow types that every consumer understands: no dictionaries, views or intervals in an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def plain(table: pa.Table) -> pa.Table:
    """The same values in plain types: enumerations and intervals become text.

    An interval is written as an ISO 8601 duration (`P1Y2M3DT4H5M6.5S`), which no fixed unit could hold.
    """
    import pyarrow as pa

    for index, field in enumerate(table.schema):
        column = table.column(index)
        if pa.types.is_dictionary(field.type):
            column = column.cast(field.type.value_type)
        elif field.type == pa.month_day_nano_interval():
            column = pa.chunked_array([pa.array([iso_duration(value) for value in column.to_pylist()], pa.string())])
        elif field.type == pa.string_view():
            column = column.cast(pa.string())
        elif field.type == pa.binary_view():
            column = column.cast(pa.binary())
        elif not (isinstance(field.type, pa.BaseExtensionType)):
            continue
        else:
            column = column.cast(field.type.storage_type)
        table = table.set_column(index, pa.field(field.name, column.type), column)
    return table


def iso_duration(value: Any) -> str | None:
    """`(months, days, nanoseconds)` as an ISO 8601 duration; each part keeps its own sign."""
    if value is None:
        return None
    years, months = _divide(value.months, 12)
    seconds, nanoseconds = _divide(value.nanoseconds, 1_000_000_000)
    minutes, seconds = _divide(seconds, 60)
    hours, minutes = _divide(minutes, 60)
    day = "".join(f"{count}{unit}" for count, unit in ((years, "Y"), (months, "M"), (value.days, "D")) if count)
    clock = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M")) if count)
    if seconds or nanoseconds:
        sign = "-" if seconds < 0 or nanoseconds < 0 else ""
        fraction = f".{abs(nanoseconds):09d}".rstrip("0") if nanoseconds else ""
        clock += f"{sign}{abs(seconds)}{fraction}S"
    if not day and not clock:
        return "PT0S"
    return f"P{day}T{clock}" if clock else f"P{day}"


def _divide(value: int, by: int) -> tuple[int, int]:
    """Quotient and remainder, both with the sign of `value`."""
    quotient, remainder = divmod(abs(value), by)
    return (quotient, remainder) if value >= 0 else (-quotient, -remainder)
