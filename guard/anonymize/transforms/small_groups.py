"""Values that fewer than `k` rows share become null.

What it hides: rare values, which single a person out.
What it keeps: the values that enough rows have.
Against whom: a reader who knows the value of a person and looks for their row.

Guarantee: each value that is left, with the values of `beside` in the same row, stands in at least `k` rows of the
table as it was before any transform. Under `rows` of a plan the whole rows are left out.

    >>> import pyarrow as pa
    >>> apply(pa.array(["a", "a", "b", None]), Params(k=2), None).to_pylist()
    ['a', 'a', None, None]

What it does not protect: columns that are not counted, groups that agree in everything else, and a reader who has
another table with the missing rows. It counts values as they were: to count generalised ones, run a second plan on
the result. In SQL it counts the rows that the query may see, for a column without `beside`.
Reference: Sweeney, k-anonymity (2002); GB/T 37964-2019 annex A, suppression; sdcMicro `localSuppression`.
"""

# ruff: noqa: ARG001 - the verbs have one shape on every transform

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

from guard.anonymize.guarantee import Guarantee
from guard.anonymize.rows import alone, not_surveyed
from guard.anonymize.small_groups import Counts
from guard.errors import PlanError
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.keys import Keys
    from guard.anonymize.rows import Rows, WideTransform
    from guard.sql.masking import Parameters


MAX_K = 1_000_000


class Params(Value, frozen=True):
    """`k` rows at least; `beside` names columns whose values are counted together with this one."""

    k: int = 5
    beside: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 2 <= self.k <= MAX_K:
            msg = f"`k` of `small_groups` is not between 2 and {MAX_K}"
            raise PlanError(msg, help="5 is usual, 11 where health is concerned")


def reads(params: Params) -> tuple[str, ...]:
    """The columns that are counted together."""
    return params.beside


def survey(params: Params, keys: Keys | None) -> Counts:
    """Counts all groups."""
    return Counts(params.k)


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """A column that is the whole table; see `apply_rows`."""
    return alone(cast("WideTransform", sys.modules[__name__]), values, params, keys)


def apply_rows(values: pa.Array, params: Params, keys: Keys | None, rows: Rows) -> pa.Array:
    """One look-up for each row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from guard.anonymize.small_groups import group_keys

    if rows.found is None:
        raise not_surveyed()
    large = pc.is_in(group_keys(values, rows.beside), value_set=rows.found)
    plain = values.cast(values.type.value_type) if pa.types.is_dictionary(values.type) else values
    kept = pc.if_else(large, plain, pa.scalar(None, plain.type))
    return kept if kept.type == values.type else kept.dictionary_encode().cast(values.type)


def guarantee(params: Params) -> Guarantee:
    """The value, where it is frequent."""
    return Guarantee(State.GENERALISED, shows=f"the value, where at least {params.k} rows have it")


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """A count over the rows of the query.

    Raises:
        TransformError: the type has no form, or the column is counted together with others.
    """
    from sqlglot import exp

    from guard.anonymize.columns import no_form
    from guard.anonymize.sql_functions import case, exact, number, text
    from guard.anonymize.sql_types import Family, sql_type

    kind = sql_type(column_type, dialect)
    if params.beside or kind.family not in {Family.TEXT, Family.INTEGER, Family.DATE}:
        raise no_form("small_groups", column_type, cure="in SQL it counts one column of texts, whole numbers or dates")
    is_text = kind.family is Family.TEXT
    value = text(column, kind) if is_text else column.copy()
    group = exact(value, kind.dialect) if is_text else value.copy()
    count = exp.Window(this=exp.Count(this=exp.Star()), partition_by=[group])
    return kind.cast(case((exp.GTE(this=count, expression=number(params.k)), value)))
