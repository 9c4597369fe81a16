"""The first characters of a text; the rest is cut off.

What it hides: everything after the first `length` characters.
What it keeps: the beginning: a postal district, the region of a resident ID, the issuer of a card.
Against whom: a reader without further knowledge; a step towards k-anonymity, not the whole way.

Guarantee: texts that begin alike look the same.

    >>> import pyarrow as pa
    >>> apply(pa.array(["518057", "518000", "51", None]), Params(length=3), None).to_pylist()
    ['518', '518', '51', None]

What it does not protect: a value that is not longer than `length`, which is shown as a whole. On a number or a date
the result is null.
Reference: HIPAA 45 CFR 164.514(b)(2)(i)(B), the initial three digits of a ZIP code.
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


MAX_LENGTH = 64  # characters


class Params(Value, frozen=True):
    """`length` characters stay."""

    length: int

    def __post_init__(self) -> None:
        if not 1 <= self.length <= MAX_LENGTH:
            msg = f"`length` of `truncate` is not between 1 and {MAX_LENGTH}"
            raise PlanError(msg, help="use `redact` or `null` to keep nothing")


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """Vectorised over code points."""
    import pyarrow.compute as pc

    from guard.anonymize.columns import map_text

    return map_text(values, lambda text: pc.utf8_slice_codeunits(text, 0, params.length))


def guarantee(params: Params) -> Guarantee:
    """The beginning."""
    return Guarantee(State.GENERALISED, shows=f"the first {params.length} characters")


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """The same by code points; null for a column that is not text."""
    from guard.anonymize.sql_functions import over_text, part, plain, typed_null
    from guard.anonymize.sql_types import Family, sql_type

    kind = sql_type(column_type, dialect)
    if kind.family is not Family.TEXT:
        return typed_null(column)
    return kind.cast(over_text(column, kind, part(plain(column, kind), 1, params.length)))
