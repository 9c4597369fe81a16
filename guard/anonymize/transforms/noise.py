"""A keyed amount between `-width` and `width` is added to each number.

What it hides: the exact number.
What it keeps: sums and averages nearly, the type; equal numbers stay equal.
Against whom: a reader who would single a person out by an exact number, and asks again and again: the same number
always gets the same noise, so that asking more often averages nothing out.

Guarantee: the noise is chosen evenly among all amounts within the bounds by HMAC-SHA256 of the number under a key
derived for the purpose, the `domain` and the key version. It is bounded, so it is no differential privacy.

    >>> import pyarrow as pa
    >>> from guard.anonymize.keys import Keyring
    >>> from guard.model import Sensitive
    >>> keys = Keyring({1: Sensitive(bytes(range(32)))}).bind("research")
    >>> apply(pa.array([5000, 5000, 7200, None]), Params(width=100), keys).to_pylist()
    [5048, 5048, 7113, None]

What it does not protect: numbers that lie further apart than the noise, outliers above all; top-code them first.
A text that spells a plain number is treated as its number with as many decimals, any other text becomes null. What has
no place in the type, an infinity and NaN become null. In SQL only whole numbers have a form.
Reference: GB/T 37964-2019 annex A, noise addition; sdcMicro `addNoise`; PostgreSQL Anonymizer `noise`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.anonymize.guarantee import Guarantee
from guard.anonymize.keyed_choice import ChoiceParams
from guard.errors import PlanError
from guard.model import State

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters


MAX_WIDTH = 10**9


class Params(ChoiceParams, frozen=True, kw_only=True):
    """`width` in the column's unit, a whole number. `domain`, `version` and `purpose` as in `pseudonym`."""

    width: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.width <= MAX_WIDTH:
            msg = f"`width` of `noise` is not between 1 and {MAX_WIDTH}"
            raise PlanError(msg, help="say how far a number may move, such as width: 100")


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """Vectorised.

    Raises:
        TransformError: the column holds neither numbers nor texts.
        KeyUnavailableError: there is no key, or not of this version.
    """
    from guard.anonymize.noise import noisy

    return noisy(values, params, keys)


def guarantee(params: Params) -> Guarantee:
    """The neighbourhood."""
    shows = f"a number within {params.width} of the value, and which rows have the same value"
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
    """The same HMAC in SQL, for whole numbers.

    Raises:
        TransformError: the column does not hold whole numbers.
        KeyUnavailableError: there is no key, or not of this version.
    """
    from sqlglot import exp

    from guard.anonymize.columns import no_form
    from guard.anonymize.keyed_choice import chosen_sql, remainder
    from guard.anonymize.sql_functions import case, every, number, stored_as, text
    from guard.anonymize.sql_types import Family, sql_type

    kind = sql_type(column_type, dialect)
    if kind.family is not Family.INTEGER:
        raise no_form("noise", column_type, cure="its SQL form takes whole numbers")
    drawn = chosen_sql("noise", text(column, kind), params, keys, kind.dialect, parameters)
    moved = exp.Sub(this=remainder(drawn, 2 * params.width + 1, kind.dialect), expression=number(params.width))
    # Asked before it is added, since the ends of the type raise; what is near them has no place for its noise.
    room = every(
        exp.GTE(this=column.copy(), expression=number(kind.low + params.width)),
        exp.LTE(this=column.copy(), expression=number(kind.high - params.width)),
    )
    if kind.dialect == "sqlite":
        room = every(stored_as(column, "integer"), room)
    return kind.cast(case((room, exp.Add(this=column.copy(), expression=exp.Paren(this=moved)))))
