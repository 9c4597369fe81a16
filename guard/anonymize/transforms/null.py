"""Nothing: every value becomes null.

What it hides: every value, and which rows had one.
What it keeps: the column and its type, so that queries and files keep their shape.
Against whom: everybody, without assumptions.

Guarantee: the output does not depend on the input.

    >>> import pyarrow as pa
    >>> apply(pa.array(["张三", None]), Params(), None).to_pylist()
    [None, None]

What it does not protect: the number of rows, and the other columns of the row.
Reference: GB/T 37964-2019 annex A, suppression.
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
    """As many nulls."""
    from guard.anonymize.columns import array, nulls

    return nulls(array(values))


def guarantee(params: Params) -> Guarantee:
    """Nothing is left."""
    return Guarantee(State.NONE, shows="nothing")


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """A null of the column's type."""
    from guard.anonymize.sql_functions import typed_null
    from guard.anonymize.sql_types import sql_type

    sql_type(column_type, dialect)
    return typed_null(column)
