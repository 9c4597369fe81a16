"""Numbers become the nearest multiple of a width; halves go up.

What it hides: the last digits.
What it keeps: sums and averages nearly, the order nearly, and the type.
Against whom: a reader who would single a person out by an exact number; a step towards k-anonymity.

Guarantee: numbers that share the multiple of `width` that the number is nearest to look the same.

    >>> import pyarrow as pa
    >>> apply(pa.array([34, 35, -5, None]), Params(width=10), None).to_pylist()
    [30, 40, 0, None]

What it does not protect: rare bins (the one person above 110), and a width that is small against the spread.
A text that spells a plain decimal number is treated as its number, any other text becomes null; in SQL a text column
has no form. A number without an edge in its type, an infinity and NaN become null.
Reference: GB/T 37964-2019 annex A, rounding.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.anonymize.guarantee import Guarantee
from guard.errors import PlanError
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters


MAX_WIDTH = 10**15


class Params(Value, frozen=True):
    """`width` of a bin, a whole number of the column's unit."""

    width: int

    def __post_init__(self) -> None:
        if not 1 <= self.width <= MAX_WIDTH:
            msg = f"`width` of `round` is not between 1 and {MAX_WIDTH}"
            raise PlanError(msg, help="say how wide a bin is, such as width: 10")


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """Vectorised, exact for whole numbers and decimals.

    Raises:
        TransformError: the column does not hold numbers or texts.
    """
    from guard.anonymize.bins import binned

    return binned(values, params.width, "nearest", transform="round")


def guarantee(params: Params) -> Guarantee:
    """The bin."""
    return Guarantee(State.GENERALISED, shows=f"the multiple of width {params.width} that the number is nearest to")


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """The same in SQL; a column of texts has no form."""
    from guard.anonymize.bins import binned_sql
    from guard.anonymize.sql_types import sql_type

    return binned_sql(column, sql_type(column_type, dialect), params.width, "nearest", transform="round")
