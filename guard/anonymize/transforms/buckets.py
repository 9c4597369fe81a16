"""Numbers become the bucket that they fall in, between edges of your choosing.

What it hides: where in the bucket the number was.
What it keeps: the bucket: its lower edge for a number; for a text its name, such as `<18`, `18-65` or `>=65`.
Against whom: a reader who would single a person out by an exact number; a step towards k-anonymity.

Guarantee: numbers between the same two edges look the same; an edge belongs to the bucket above it.

    >>> import pyarrow as pa
    >>> apply(pa.array([34, 17, 65, None]), Params(edges=(0, 18, 65)), None).to_pylist()
    [18, 0, 65, None]
    >>> apply(pa.array(["34", "17.5", "x", None]), Params(edges=(18, 65)), None).to_pylist()
    ['18-65', '<18', None, None]

What it does not protect: rare buckets. A number below the first edge becomes null, and so do an infinity, NaN and a
text that spells no plain number; in SQL a text column has no form.
Reference: Google `BUCKETING`; GB/T 37964-2019 annex A, generalisation.
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


MAX_EDGES = 100
MAX_EDGE = 10**15
_CURE = "use it on numbers, or on texts that spell numbers"


class Params(Value, frozen=True):
    """`edges`: 1 to 100 rising whole numbers of the column's unit."""

    edges: tuple[int, ...]

    def __post_init__(self) -> None:
        rising = all(low < high for low, high in zip(self.edges, self.edges[1:], strict=False))
        if not 1 <= len(self.edges) <= MAX_EDGES or not rising or max(map(abs, self.edges)) > MAX_EDGE:
            msg = f"`edges` of `buckets` are not 1 to {MAX_EDGES} rising whole numbers up to {MAX_EDGE}"
            raise PlanError(msg, help="write `edges: [0, 18, 65]`")


def apply(values: pa.Array | pa.ChunkedArray, params: Params, keys: Keys | None) -> pa.Array:
    """Vectorised: one comparison for each edge.

    Raises:
        TransformError: the column does not hold numbers or texts.
    """
    from guard.anonymize.buckets import bucketed

    return bucketed(values, params.edges)


def guarantee(params: Params) -> Guarantee:
    """The bucket."""
    return Guarantee(State.GENERALISED, shows=f"the bucket between {len(params.edges)} edges")


def sql(
    column: exp.Expression,
    params: Params,
    *,
    column_type: str,
    dialect: str,
    parameters: Parameters,
    keys: Keys | None,
) -> exp.Expression:
    """A CASE over the edges, for columns of numbers.

    Raises:
        TransformError: the column is not of a type of numbers, or cannot hold an edge.
    """
    from sqlglot import exp

    from guard.anonymize.bins import LARGE, double
    from guard.anonymize.columns import no_form
    from guard.anonymize.sql_functions import call, case, number, stored_as
    from guard.anonymize.sql_types import Family, sql_type

    kind = sql_type(column_type, dialect)
    holds = not kind.high or all(kind.low <= edge <= kind.high for edge in params.edges)
    if kind.family not in {Family.INTEGER, Family.FLOAT, Family.DECIMAL} or not holds:
        raise no_form("buckets", column_type, cure=_CURE)
    arms: list[tuple[exp.Expression, exp.Expression]] = [
        (exp.GTE(this=column.copy(), expression=number(edge)), number(edge)) for edge in reversed(params.edges)
    ]
    large: tuple[exp.Expression, exp.Expression] = (
        exp.Not(this=exp.LT(this=call("ABS", column), expression=double(LARGE))),
        exp.Null(),
    )
    if kind.dialect == "sqlite":
        reals = [(condition, exp.Cast(this=edge, to=exp.DataType.build("DOUBLE"))) for condition, edge in arms]
        return case((stored_as(column, "integer"), case(*arms)), (stored_as(column, "real"), case(large, *reals)))
    return kind.cast(case(large, *arms) if kind.family is Family.FLOAT else case(*arms))
