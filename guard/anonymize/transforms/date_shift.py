"""Each date moves by a number of days that belongs to the person, chosen by a key.

What it hides: the real dates.
What it keeps: the days between two dates of one person, the time of day, and the type.
Against whom: a reader who knows a birthday or the day of a visit and has no key.

Guarantee: the shift is chosen evenly among all from `-days` to `days` by HMAC-SHA256 of the value in the column `by`
under a key derived for the purpose, the `domain` and the key version; it is the same in every table with that
`domain`.

    >>> import pyarrow as pa
    >>> from guard.anonymize.keys import Keyring
    >>> from guard.model import Sensitive
    >>> keys = Keyring({1: Sensitive(bytes(range(32)))}).bind("research")
    >>> from guard.anonymize.rows import Rows
    >>> rows = Rows({"person": pa.array(["a", "a", "b", None])})
    >>> dates = pa.array(["2024-02-27", "2024-03-01", "2024-03-01", "2024-03-01"])
    >>> apply_rows(dates, Params(by="person", days=30), keys, rows).to_pylist()
    ['2024-03-23', '2024-03-26', '2024-02-02', None]

What it does not protect: patterns of intervals (three visits, 4 and 11 days apart, may name a person), seasons where
`days` is small, and the order of dates of one person. Without a value in `by` the date becomes null, and so do a text
that does not begin with an ISO date and a year that leaves 1 to 9999.
In SQL dates and timestamps without a zone have a form in PostgreSQL and DuckDB.
Reference: Google `DATE_SHIFT`; HIPAA 45 CFR 164.514(b)(2)(i)(C); GB/T 37964-2019 annex A.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

from guard.anonymize.guarantee import Guarantee
from guard.anonymize.keyed_choice import ChoiceParams
from guard.anonymize.rows import alone
from guard.errors import PlanError
from guard.model import State

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.keys import Keys
    from guard.anonymize.rows import Rows, WideTransform
    from guard.sql.masking import Parameters


MAX_DAYS = 36_500


class Params(ChoiceParams, frozen=True, kw_only=True):
    """`by` names the column of the person, a text or a whole number; `days` is the farthest shift, to either side.

    `domain`, `version` and `purpose` as in `pseudonym`.
    """

    by: str
    days: int = 182

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.by or not 1 <= self.days <= MAX_DAYS:
            msg = f"`by` of `date_shift` is empty, or `days` is not between 1 and {MAX_DAYS}"
            raise PlanError(msg, help="name the column whose values share a shift, such as `by: resident_id`")


def reads(params: Params) -> tuple[str, ...]:
    """The column of the person."""
    return (params.by,)


def survey(params: Params, keys: Keys | None) -> None:
    """Nothing has to be known of the whole table."""


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """Raises TransformError: it needs the column `by`; see `apply_rows`."""
    return alone(cast("WideTransform", sys.modules[__name__]), values, params, keys)


def apply_rows(values: pa.Array, params: Params, keys: Keys | None, rows: Rows) -> pa.Array:
    """Vectorised; nulls for a column that holds neither dates nor texts.

    Raises:
        TransformError: the column `by` holds neither texts nor whole numbers.
        KeyUnavailableError: there is no key, or not of this version.
    """
    import pyarrow as pa

    from guard.anonymize.dates import shifted
    from guard.anonymize.keyed_choice import chosen

    people = rows.beside[params.by]
    drawn = chosen("date_shift", people, params, keys) % (2 * params.days + 1) - params.days
    missing = people.is_null().to_numpy(zero_copy_only=False)
    return shifted(values, pa.array(drawn, pa.int64(), mask=missing))


def guarantee(params: Params) -> Guarantee:
    """The neighbourhood, and intervals."""
    shows = f"a date within {params.days} days, the time of day, and the days between dates of one person"
    return Guarantee(State.GENERALISED, shows=shows, keyed=True)


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """The same HMAC in SQL; the column `by` stands in the same table.

    Raises:
        TransformError: the column holds no dates, or the dialect is SQLite, which has none.
        KeyUnavailableError: there is no key, or not of this version.
    """
    from sqlglot import exp

    from guard.anonymize.columns import no_form
    from guard.anonymize.dates import shifted_sql
    from guard.anonymize.keyed_choice import chosen_sql, remainder
    from guard.anonymize.sql_functions import number
    from guard.anonymize.sql_types import Family, sql_type

    kind = sql_type(column_type, dialect)
    if kind.family not in {Family.DATE, Family.TIMESTAMP}:
        raise no_form("date_shift", column_type, cure="its SQL form takes dates and timestamps without a zone")
    table = column.args.get("table") if isinstance(column, exp.Column) else None
    person = exp.Column(this=exp.to_identifier(params.by, quoted=True), table=table.copy() if table else None)
    text = exp.Cast(this=person, to=exp.DataType.build("TEXT"))
    drawn = chosen_sql("date_shift", text, params, keys, kind.dialect, parameters)
    days = exp.Sub(this=remainder(drawn, 2 * params.days + 1, kind.dialect), expression=number(params.days))
    return shifted_sql(column, kind, exp.Paren(this=days), missing=exp.Is(this=text.copy(), expression=exp.Null()))
