"""One fixed value of the plan's choosing in place of each value.

What it hides: the whole value.
What it keeps: the type, and which rows had a value: for columns that may not be null.
Against whom: everybody, without assumptions.

Guarantee: all values look the same.

    >>> import pyarrow as pa
    >>> apply(pa.array([41, None]), Params(value=0), None).to_pylist()
    [0, None]

What it does not protect: that a value is missing.
Reference: Google `REPLACE_VALUE`; GB/T 37964-2019 annex A, masking.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

from guard.anonymize.guarantee import Guarantee
from guard.errors import PlanError
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters


MAX_TEXT = 1024  # characters


class Params(Value, frozen=True):
    """`value` must fit the column: a text, a whole number, a number, or an ISO date written as text."""

    value: str | int | float

    def __post_init__(self) -> None:
        if isinstance(self.value, bool) or (isinstance(self.value, float) and not math.isfinite(self.value)):
            msg = "`value` of `constant` is not a text or a finite number"
            raise PlanError(msg, help="give a text, a whole number or a decimal number")
        if isinstance(self.value, str) and ("\x00" in self.value or len(self.value) > MAX_TEXT):
            msg = f"`value` of `constant` holds a NUL or more than {MAX_TEXT} characters"
            raise PlanError(msg, help="use a short text")


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """The value in each row that is not null.

    Raises:
        TransformError: the value is not one of the column's type.
    """
    import pyarrow as pa

    from guard.anonymize.columns import array, is_text, no_form, where_not_null

    one = array(values)
    if isinstance(params.value, str) is not (is_text(one.type) or pa.types.is_date(one.type)):
        raise no_form("constant", one.type, cure="give a `value` of the column's own type")
    try:
        value = pa.scalar(params.value)
        return where_not_null(one, value if is_text(one.type) else value.cast(one.type))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise no_form("constant", one.type, cure="give a `value` of the column's own type") from None


def guarantee(params: Params) -> Guarantee:
    """Only that there was a value."""
    return Guarantee(State.MASKED, shows="whether the value is null")


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """The literal in the column's type where the column is not null."""
    from sqlglot import exp

    from guard.anonymize.columns import no_form
    from guard.anonymize.sql_functions import number, string, where_not_null
    from guard.anonymize.sql_types import Family, sql_type

    kind = sql_type(column_type, dialect)
    value, cure = params.value, "give a `value` of the column's own type"
    literal: exp.Expression
    if isinstance(value, str):
        if kind.family is Family.DATE:
            try:
                dt.date.fromisoformat(value)
            except ValueError:
                raise no_form("constant", column_type, cure=cure) from None
        elif kind.family is not Family.TEXT:
            raise no_form("constant", column_type, cure=cure)
        literal = string(value)
    elif isinstance(value, int) and kind.family is Family.INTEGER and kind.low <= value <= kind.high:
        literal = number(value)
    elif kind.family is Family.FLOAT:
        literal = exp.Literal.number(repr(abs(float(value))))
        literal = exp.Neg(this=literal) if value < 0 else literal
    else:
        raise no_form("constant", column_type, cure=cure)
    return kind.cast(where_not_null(column, literal))
