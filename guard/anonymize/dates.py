"""The first day of a date's year or month, in Arrow and in SQL; timestamps are cut in UTC.

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

from guard.anonymize.columns import array, is_text, map_text, nulls
from guard.anonymize.sql_functions import call, case, every, join, matches, part, string, text, typed_null
from guard.anonymize.sql_types import Family, SqlType

Unit: TypeAlias = Literal["year", "month"]

ISO = "^[0-9]{4}-(0[1-9]|1[0-2])-[0-3][0-9]([T ]|$)"
_DAY = "[0-9][0-9][0-9][0-9]-{}-[0-3][0-9]{}"
GLOBS = tuple(_DAY.format(month, end) for month in ("0[1-9]", "1[0-2]") for end in ("", "[T ]*"))
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
    kept = pc.utf8_slice_codeunits(dates, 0, _kept(unit))
    return pc.binary_join_element_wise(kept, pa.scalar(_rest(unit)), "")


def _kept(unit: Unit) -> int:
    return 4 if unit == "year" else 7


def _rest(unit: Unit) -> str:
    return "-01-01" if unit == "year" else "-01"


def floored_sql(column: exp.Expression, kind: SqlType, unit: Unit) -> exp.Expression:
    """The same in SQL."""
    if kind.family is Family.TEXT:
        value = text(column, kind)
        iso = matches(value, regex=ISO, globs=GLOBS, dialect=kind.dialect)
        return kind.cast(case((iso, join(part(value, 1, _kept(unit)), string(_rest(unit))))))
    if kind.family is Family.TIMESTAMP_TZ:
        utc = exp.AtTimeZone(this=column.copy(), zone=string("UTC"))
        day = call("DATE_TRUNC", string(unit), utc)
        return kind.cast(_inside(column, exp.AtTimeZone(this=day, zone=string("UTC")), "TIMESTAMPTZ", "+00"))
    if kind.family in {Family.DATE, Family.TIMESTAMP}:
        name = "DATE" if kind.family is Family.DATE else "TIMESTAMP"
        return kind.cast(_inside(column, call("DATE_TRUNC", string(unit), column), name, ""))
    return typed_null(column)


def _inside(column: exp.Expression, result: exp.Expression, name: str, zone: str) -> exp.Expression:
    """`result` for the years 1 to 9999; compared before anything is computed, since the far ends raise."""
    time = "" if name == "DATE" else " 00:00:00"
    first, after = (
        exp.Cast(this=string(f"{day}{time}{zone}"), to=exp.DataType.build(name, dialect="postgres"))
        for day in ("0001-01-01", "10000-01-01")
    )
    inside = every(exp.GTE(this=column.copy(), expression=first), exp.LT(this=column.copy(), expression=after))
    return case((inside, result))
