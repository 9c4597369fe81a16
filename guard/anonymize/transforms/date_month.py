"""Dates become the first day of their month.

What it hides: the day, and the time of day.
What it keeps: the month, and the type: a date stays a date, so that ages and seasons can still be computed from it.
Against whom: a reader who knows a person's birthday or the day of a visit.

Guarantee: dates of one month look the same; timestamps are cut in UTC.

    >>> import pyarrow as pa
    >>> apply(pa.array(["1984-03-07", "1984-03-21T08:00:00", "07.03.84", None]), Params(), None).to_pylist()
    ['1984-03-01', '1984-03-01', None, None]

What it does not protect: rare years (HIPAA wants ages over 89 put together), and intervals between two dates.
A text that does not begin with an ISO date becomes null, and so do a year outside 1 to 9999
and a value of any other type.
Reference: HIPAA 45 CFR 164.514(b)(2)(i)(C); Google `TIME_PART`; GB/T 37964-2019 annex A, generalisation.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.anonymize.guarantee import Guarantee
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters


class Params(Value, frozen=True):
    """No parameters."""


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """Vectorised; nulls for a column that holds neither dates nor texts."""
    from guard.anonymize.dates import floored

    return floored(values, "month")


def guarantee(params: Params) -> Guarantee:
    """The month."""
    return Guarantee(State.GENERALISED, shows="the month in UTC")


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """The same in SQL."""
    from guard.anonymize.dates import floored_sql
    from guard.anonymize.sql_types import sql_type

    return floored_sql(column, sql_type(column_type, dialect), "month")
