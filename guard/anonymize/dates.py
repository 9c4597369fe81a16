"""The first day of a date's year, quarter or month, in Arrow and in SQL; timestamps are cut in UTC.

Only the years 1 to 9999 have a form, the range that every engine and format shares; outside it, infinities
included, the result is null. A text must begin with an ISO date (`1984-03-07`, alone or before a blank or `T`); any
other text is null. A date stays a date, so a text stays an ISO date too: `1984-01-01`.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from guard.anonymize import mariadb_sql
from guard.anonymize.columns import array, is_text, map_text, nulls
from guard.anonymize.sql_functions import call, case, every, join, matches, part, string, text, typed_null
from guard.anonymize.sql_types import Family, SqlType

Unit: TypeAlias = Literal["year", "quarter", "month"]

ISO = "^[0-9]{4}-(0[1-9]|1[0-2])-[0-3][0-9]([T ]|$)"
_DAY = "[0-9][0-9][0-9][0-9]-{}-[0-3][0-9]{}"
GLOBS = tuple(_DAY.format(month, end) for month in ("0[1-9]", "1[0-2]") for end in ("", "[T ]*"))
MAX_SHIFT = 36_500  # days
MONTHS = tuple(f"{month:02d}" for month in range(1, 13))
QUARTERS = ("01", "04", "07", "10")
FIRST, LAST = dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999)  # noqa: DTZ001 - a bound, not a time


def floored(values: pa.Array | pa.ChunkedArray, unit: Unit) -> pa.Array:
    """The first day of the unit, of the column's type; nulls for a column that holds neither dates nor texts."""
    one = array(values)
    kind = one.type
    if is_text(kind):
        return map_text(one, lambda words: _text(words, unit))
    if not pa.types.is_date(kind) and not pa.types.is_timestamp(kind):
        return nulls(one)
    if pa.types.is_date64(kind):
        return floored(one.cast(pa.date32()), unit).cast(kind)
    if pa.types.is_timestamp(kind) and kind.tz:
        plain = one.cast(pa.timestamp(kind.unit, "UTC")).cast(pa.timestamp(kind.unit))
        return floored(plain, unit).cast(pa.timestamp(kind.unit, "UTC")).cast(kind)
    if pa.types.is_date32(kind):
        first, last = (pa.scalar(bound.date(), kind) for bound in (FIRST, LAST))
    elif kind.unit == "ns":  # its whole range lies inside
        return pc.floor_temporal(one, unit=unit)
    else:
        first, last = (pa.scalar(bound, pa.timestamp("us")).cast(kind, safe=False) for bound in (FIRST, LAST))
    inside = pc.and_(pc.greater_equal(one, first), pc.less_equal(one, last))
    return pc.floor_temporal(pc.if_else(inside, one, pa.scalar(None, kind)), unit=unit).cast(kind)


def _text(words: pa.Array, unit: Unit) -> pa.Array:
    dates = pc.if_else(pc.match_substring_regex(words, ISO), words, pa.scalar(None, pa.string()))
    if unit == "quarter":
        kept = pc.utf8_slice_codeunits(dates, 0, 5)
        months = pc.index_in(pc.utf8_slice_codeunits(dates, 5, 7), value_set=pa.array(MONTHS))
        return pc.binary_join_element_wise(
            kept, pc.take(pa.array(QUARTERS), pc.divide(months, 3)), pa.scalar("-01"), ""
        )
    kept = pc.utf8_slice_codeunits(dates, 0, _kept(unit))
    return pc.binary_join_element_wise(kept, pa.scalar(_rest(unit)), "")


def _kept(unit: Unit) -> int:
    return 4 if unit == "year" else 7


def _rest(unit: Unit) -> str:
    return "-01-01" if unit == "year" else "-01"


def _shown(value: exp.Expression, unit: Unit) -> exp.Expression:
    """The first day of the unit of an ISO text."""
    if unit != "quarter":
        return join(part(value, 1, _kept(unit)), string(_rest(unit)))
    month = part(value, 6, 2)
    arms = [
        (exp.In(this=month.copy(), expressions=[string(name) for name in MONTHS[first : first + 3]]), string(quarter))
        for first, quarter in zip((0, 3, 6, 9), QUARTERS, strict=True)
    ]
    return join(part(value, 1, 5), case(*arms), string("-01"))


def floored_sql(column: exp.Expression, kind: SqlType, unit: Unit) -> exp.Expression:
    """The same in SQL."""
    if kind.family is Family.TEXT:
        value = text(column, kind)
        iso = matches(value, regex=ISO, globs=GLOBS, dialect=kind.dialect)
        return kind.cast(case((iso, _shown(value, unit))))
    if kind.family is Family.TIMESTAMP_TZ:
        utc = exp.AtTimeZone(this=column.copy(), zone=string("UTC"))
        day = call("DATE_TRUNC", string(unit), utc)
        return kind.cast(_inside(column, exp.AtTimeZone(this=day, zone=string("UTC")), "TIMESTAMPTZ", "+00"))
    if kind.dialect == "mysql" and kind.family in {Family.DATE, Family.TIMESTAMP}:
        return mariadb_sql.date_floor(column, unit, time=kind.family is Family.TIMESTAMP)
    if kind.family in {Family.DATE, Family.TIMESTAMP}:
        name = "DATE" if kind.family is Family.DATE else "TIMESTAMP"
        return kind.cast(_inside(column, call("DATE_TRUNC", string(unit), column), name, ""))
    return typed_null(column)


def shifted(values: pa.Array, days: pa.Array) -> pa.Array:
    """Each date moved by its own number of days (int64, null: no result); of the column's type, time of day kept."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return shifted(values.cast(kind.value_type), days).dictionary_encode().cast(kind)
    if is_text(kind):
        # No look at distinct values here: the shift belongs to the row.
        text = values.cast(pa.string())
        iso = pc.if_else(pc.match_substring_regex(text, ISO), text, pa.scalar(None, pa.string()))
        moved = shifted(real_dates(iso), days)
        joined = pc.binary_join_element_wise(moved.cast(pa.string()), pc.utf8_slice_codeunits(iso, 10), "")
        return pc.if_else(pc.match_substring(text, "\x00"), pa.scalar(None, pa.string()), joined).cast(kind)
    if pa.types.is_date64(kind):
        return shifted(values.cast(pa.date32()), days).cast(kind)
    if not pa.types.is_date32(kind) and not pa.types.is_timestamp(kind):
        return nulls(values)
    a_day = 1 if pa.types.is_date32(kind) else _PER_DAY[kind.unit]
    first, last = (_count(bound, kind) for bound in (FIRST, LAST))
    count = values.view(pa.int32() if pa.types.is_date32(kind) else pa.int64()).cast(pa.int64())
    inside = pc.and_(pc.greater_equal(count, first), pc.less_equal(count, last))
    moved = pc.add(pc.if_else(inside, count, pa.scalar(None, pa.int64())), pc.multiply(days, a_day))
    inside = pc.and_(pc.greater_equal(moved, first), pc.less_equal(moved, last))
    kept = pc.if_else(inside, moved, pa.scalar(None, pa.int64()))
    return kept.cast(pa.int32() if pa.types.is_date32(kind) else pa.int64()).view(kind)


_PER_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_NS_ROOM = 2**63 - 1 - MAX_SHIFT * 86_400_000_000_000


def _count(bound: dt.datetime, kind: pa.DataType) -> int:
    """A bound in the unit of a type, from 1970; what nanoseconds cannot reach is cut to what they can."""
    since = bound - dt.datetime(1970, 1, 1)  # noqa: DTZ001 - a bound, not a time
    if pa.types.is_date32(kind):
        return since.days
    exact = (since.days * 86_400_000_000 + since.seconds * 1_000_000 + since.microseconds) * _PER_DAY[kind.unit]
    return max(-_NS_ROOM, min(_NS_ROOM, exact // 86_400_000_000))


def shifted_sql(
    column: exp.Expression, kind: SqlType, days: exp.Expression, *, missing: exp.Expression
) -> exp.Expression:
    """The same for dates and timestamps without a zone; null where `missing`."""
    if kind.dialect == "mysql":
        return case((missing, exp.Null()), otherwise=mariadb_sql.days_later(column, days))
    whole = exp.Cast(this=days, to=exp.DataType.build("INT"))
    if kind.family is Family.DATE:
        moved: exp.Expression = exp.Add(this=column.copy(), expression=whole)
    else:
        day = exp.Interval(this=string("1"), unit=exp.var("DAY"))
        moved = exp.Add(this=column.copy(), expression=exp.Mul(this=day, expression=whole))
    name = "DATE" if kind.family is Family.DATE else "TIMESTAMP"
    # Both the date and where it goes: the far ends of the types raise.
    return kind.cast(case((missing, exp.Null()), otherwise=_inside(column, _inside(moved, moved, name, ""), name, "")))


def _inside(column: exp.Expression, result: exp.Expression, name: str, zone: str) -> exp.Expression:
    """`result` for the years 1 to 9999; compared before anything is computed, since the far ends raise."""
    time = "" if name == "DATE" else " 00:00:00"
    first, after = (
        exp.Cast(this=string(f"{day}{time}{zone}"), to=exp.DataType.build(name, dialect="postgres"))
        for day in ("0001-01-01", "10000-01-01")
    )
    inside = every(exp.GTE(this=column.copy(), expression=first), exp.LT(this=column.copy(), expression=after))
    return case((inside, result))


HOUR = ISO.removesuffix("([T ]|$)") + "[T ]([01][0-9]|2[0-3]):"
HOUR_GLOBS = tuple(
    _DAY.format(month, f"[T ]{hour}:*") for month in ("0[1-9]", "1[0-2]") for hour in ("[01][0-9]", "2[0-3]")
)
PLACES = {"year": (0, 4), "month": (5, 2), "day": (8, 2), "hour": (11, 2)}


def part_of(text: pa.Array, part: str) -> pa.Array:
    """One part of each ISO text, as text; null for any other text."""
    pattern = HOUR if part == "hour" else ISO
    iso = pc.if_else(pc.match_substring_regex(text, pattern), text, pa.scalar(None, pa.string()))
    if part in PLACES:
        start, count = PLACES[part]
        return pc.utf8_slice_codeunits(iso, start, start + count)
    dates = real_dates(iso)
    found = pc.day_of_week(dates, count_from_zero=False) if part == "weekday" else pc.iso_week(dates)
    return found.cast(pa.string())


def real_dates(iso: pa.Array) -> pa.Array:
    """The dates that ISO texts begin with; null for a day that its month does not have."""
    head = pc.utf8_slice_codeunits(iso, 0, 10)
    read = pc.strptime(head, format="%Y-%m-%d", unit="s", error_is_null=True)
    # Arrow reads the 31st of February as a day in March.
    real = pc.equal(pc.strftime(read, format="%Y-%m-%d"), head)
    return pc.if_else(real, read, pa.scalar(None, read.type)).cast(pa.date32())
