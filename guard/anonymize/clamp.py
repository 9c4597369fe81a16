"""What top-coding and bottom-coding share: a bound, and numbers beyond it that become the bound."""

# ruff: noqa: ARG002 - the verbs have one shape on every transform

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from guard.anonymize.guarantee import Guarantee
from guard.errors import PlanError
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.keys import Keys
    from guard.anonymize.sql_types import SqlType
    from guard.sql.masking import Parameters

MAX_BOUND = 10**15
_CURE = "use it on numbers, or on texts that spell numbers"


class ClampParams(Value, frozen=True):
    """`at` is the bound, a whole number of the column's unit."""

    at: int

    def __post_init__(self) -> None:
        if not -MAX_BOUND <= self.at <= MAX_BOUND:
            msg = f"`at` is not between -{MAX_BOUND} and {MAX_BOUND}"
            raise PlanError(msg, help="say where the bound is, such as at: 89")


class Clamp:
    """The verbs of one side."""

    def __init__(self, transform: Literal["top_code", "bottom_code"]) -> None:
        self._transform, self._is_top = transform, transform == "top_code"

    def apply(self, values: pa.Array | pa.ChunkedArray, params: ClampParams, keys: Keys | None) -> pa.Array:
        """Vectorised, exact for whole numbers and decimals.

        Raises:
            TransformError: the column does not hold numbers or texts.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        from guard.anonymize.bins import LARGE, TEXT_NUMBER, bounds
        from guard.anonymize.columns import array, is_text, map_text, no_form

        one, at = array(values), params.at
        kind = one.type
        if is_text(kind):

            def bounded(text: pa.Array) -> pa.Array:
                plain = pc.if_else(pc.match_substring_regex(text, TEXT_NUMBER), text, pa.scalar(None, pa.string()))
                beyond = self._beyond(plain.cast(pa.decimal128(38, 9)), pa.scalar(Decimal(at), pa.decimal128(38, 9)))
                return pc.if_else(beyond, pa.scalar(str(at)), plain)

            return map_text(one, bounded)
        if pa.types.is_floating(kind):
            wide = one.cast(pa.float64())
            finite = pc.if_else(pc.less(pc.abs(wide), LARGE), wide, pa.scalar(None, pa.float64()))
            made = pc.if_else(self._beyond(finite, pa.scalar(float(at))), pa.scalar(float(at)), finite)
            return made.cast(kind, safe=False)
        if pa.types.is_integer(kind):
            low, high = bounds(kind)
        elif pa.types.is_decimal(kind) and kind.scale >= 0:
            high = 10 ** (kind.precision - kind.scale) - 1
            low = -high
        else:
            raise no_form(self._transform, kind, cure=_CURE)
        if not low <= at <= high:
            return one if self._is_far(at, high) else pa.nulls(len(one), kind)
        bound = pa.scalar(at if pa.types.is_integer(kind) else Decimal(at)).cast(kind)
        return pc.if_else(self._beyond(one, bound), bound, one)

    def _beyond(self, values: pa.Array, bound: pa.Scalar) -> pa.Array:
        import pyarrow.compute as pc

        return pc.greater(values, bound) if self._is_top else pc.less(values, bound)

    def _is_far(self, at: int, high: int) -> bool:
        """True for a bound that no value of the type goes beyond."""
        return (at > high) == self._is_top

    def guarantee(self, params: ClampParams) -> Guarantee:
        """The number, on this side of the bound."""
        side = "above" if self._is_top else "below"
        return Guarantee(State.GENERALISED, shows=f"the number, or that it is {side} {params.at} or at it")

    def sql(
        self,
        column: exp.Expression,
        params: ClampParams,
        *,
        column_type: str,
        dialect: str,
        parameters: Parameters,
        keys: Keys | None,
    ) -> exp.Expression:
        """The same in SQL, for columns of numbers.

        Raises:
            TransformError: the column is not of a type of numbers.
        """
        from guard.anonymize.columns import no_form
        from guard.anonymize.sql_functions import case, stored_as
        from guard.anonymize.sql_types import Family, sql_type

        kind = sql_type(column_type, dialect)
        if kind.dialect == "sqlite" and kind.family in {Family.INTEGER, Family.FLOAT}:
            whole, real = self._whole(column, kind, params.at), self._real(column, params.at)
            return case((stored_as(column, "integer"), whole), (stored_as(column, "real"), real))
        if kind.family is Family.FLOAT:
            return kind.cast(self._real(column, params.at))
        if kind.family in {Family.INTEGER, Family.DECIMAL}:
            return kind.cast(self._whole(column, kind, params.at))
        raise no_form(self._transform, column_type, cure=_CURE)

    def _whole(self, column: exp.Expression, kind: SqlType, at: int) -> exp.Expression:
        from guard.anonymize.sql_functions import case, number, typed_null

        if kind.high and not kind.low <= at <= kind.high:
            return column.copy() if self._is_far(at, kind.high) else typed_null(column)
        return case((self._beyond_sql(column, number(at)), number(at)), otherwise=column)

    def _real(self, column: exp.Expression, at: int) -> exp.Expression:
        from sqlglot import exp

        from guard.anonymize.bins import LARGE, double
        from guard.anonymize.sql_functions import call, case, every, number

        value, bound = (exp.Cast(this=item, to=exp.DataType.build("DOUBLE")) for item in (column.copy(), number(at)))
        finite = exp.LT(this=call("ABS", value), expression=double(LARGE))
        return case((every(finite, self._beyond_sql(value, bound)), bound), (finite, value))

    def _beyond_sql(self, value: exp.Expression, bound: exp.Expression) -> exp.Expression:
        from sqlglot import exp

        kind = exp.GT if self._is_top else exp.LT
        return kind(this=value.copy(), expression=bound.copy())
