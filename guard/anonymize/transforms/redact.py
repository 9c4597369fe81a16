"""A fixed token in place of each text; null in place of any other value.

What it hides: the whole value, its length included.
What it keeps: in a text column, which rows had a value.
Against whom: everybody, without assumptions.

Guarantee: all texts look the same.

    >>> import pyarrow as pa
    >>> apply(pa.array(["张三", "", None]), Params(), None).to_pylist()
    ['[redacted]', '[redacted]', None]
    >>> apply(pa.array([42]), Params(), None).to_pylist()
    [None]

What it does not protect: that a value is missing, which may itself say something.
Reference: GB/T 37964-2019 annex A, masking; presidio-anonymizer `replace`; Google `REPLACE_VALUE`.
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


MAX_TOKEN = 64  # characters


class Params(Value, frozen=True):
    """`token` stands for each text; 1 to 64 printable characters."""

    token: str = "[redacted]"  # noqa: S105 - what a reader sees, not a secret

    def __post_init__(self) -> None:
        if not 1 <= len(self.token) <= MAX_TOKEN or not self.token.isprintable():
            msg = f"`token` of `redact` is not 1 to {MAX_TOKEN} printable characters"
            raise PlanError(msg, help="leave it out for `[redacted]`")


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """The token in each text row that is not null."""
    import pyarrow as pa

    from guard.anonymize.columns import array, is_text, nulls, where_not_null

    one = array(values)
    return where_not_null(one, pa.scalar(params.token)) if is_text(one.type) else nulls(one)


def guarantee(params: Params) -> Guarantee:
    """Only that there was a value."""
    return Guarantee(State.MASKED, shows="whether a text is null")


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """The token where the text is not null."""
    from guard.anonymize.sql_functions import string, typed_null, where_not_null
    from guard.anonymize.sql_types import Family, sql_type

    kind = sql_type(column_type, dialect)
    if kind.family is not Family.TEXT:
        return typed_null(column)
    return kind.cast(where_not_null(column, string(params.token)))
