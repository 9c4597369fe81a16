"""One part of a date as a text: the year, the month, the day, the weekday, the week or the hour.

What it hides: all other parts.
What it keeps: the part, for seasons, weekdays and times of day.
Against whom: a reader who knows a person's birthday or the day of a visit.

Guarantee: texts that agree in the part look the same.

    >>> import pyarrow as pa
    >>> apply(pa.array(["2024-03-07T08:30:00", "2024-03-21", "7 March", None]), Params(part="month"), None).to_pylist()
    ['03', '03', None, None]
    >>> apply(pa.array(["2024-03-07T08:30:00"]), Params(part="weekday"), None).to_pylist()
    ['4']

What it does not protect: two parts together, where the same date stands in two columns.
A date or timestamp column cannot hold a part, so there the result is null: `as: text` in a plan makes a text of it. A
text that does not begin with an ISO date (for `hour`: and a time) is null. Monday is weekday 1; weeks are those of
ISO 8601. In SQL there are year, month, day and hour.
Reference: Google `TIME_PART`; GB/T 37964-2019 annex A, generalisation.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from guard.anonymize.guarantee import Guarantee
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters


class Params(Value, frozen=True):
    """`part` is year, month, day, weekday, week or hour."""

    part: Literal["year", "month", "day", "weekday", "week", "hour"]


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """Vectorised."""
    from guard.anonymize.columns import map_text
    from guard.anonymize.dates import part_of

    return map_text(values, lambda text: part_of(text, params.part))


def guarantee(params: Params) -> Guarantee:
    """The part."""
    return Guarantee(State.GENERALISED, shows=f"the {params.part}")


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """By position; null for a column that is not text.

    Raises:
        TransformError: there is no form for a weekday or a week.
    """
    from guard.anonymize.columns import no_form
    from guard.anonymize.dates import GLOBS, HOUR, HOUR_GLOBS, ISO, PLACES
    from guard.anonymize.sql_functions import case, matches, part, text, typed_null
    from guard.anonymize.sql_types import Family, sql_type

    kind = sql_type(column_type, dialect)
    if kind.family is not Family.TEXT:
        return typed_null(column)
    if params.part not in PLACES:
        raise no_form("time_part", column_type, cure="its SQL form gives year, month, day or hour")
    value, (start, count) = text(column, kind), PLACES[params.part]
    regex, globs = (HOUR, HOUR_GLOBS) if params.part == "hour" else (ISO, GLOBS)
    return kind.cast(
        case((matches(value, regex=regex, globs=globs, dialect=kind.dialect), part(value, start + 1, count)))
    )
