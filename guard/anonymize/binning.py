"""What the transforms share that bring numbers to bins of one width."""

# ruff: noqa: ARG002 - the verbs have one shape on every transform

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.anonymize.guarantee import Guarantee
from guard.errors import PlanError
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.bins import Mode
    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters

MAX_WIDTH = 10**15


class BinParams(Value, frozen=True):
    """`width` of a bin, a whole number of the column's unit."""

    width: int

    def __post_init__(self) -> None:
        if not 1 <= self.width <= MAX_WIDTH:
            msg = f"`width` is not between 1 and {MAX_WIDTH}"
            raise PlanError(msg, help="say how wide a bin is, such as width: 10")


class Binning:
    """The verbs for one way to choose the edge; `shows` says it in words, with the width in braces."""

    def __init__(self, transform: str, mode: Mode, *, shows: str) -> None:
        self._transform, self._mode, self._shows = transform, mode, shows

    def apply(self, values: pa.Array | pa.ChunkedArray, params: BinParams, keys: Keys | None) -> pa.Array:
        """Vectorised, exact for whole numbers and decimals.

        Raises:
            TransformError: the column does not hold numbers or texts.
        """
        from guard.anonymize.bins import binned

        return binned(values, params.width, self._mode, transform=self._transform)

    def guarantee(self, params: BinParams) -> Guarantee:
        """The bin."""
        return Guarantee(State.GENERALISED, shows=self._shows.format(params.width))

    def sql(
        self,
        column: exp.Expression,
        params: BinParams,
        *,
        column_type: str,
        dialect: str,
        parameters: Parameters,
        keys: Keys | None,
    ) -> exp.Expression:
        """The same in SQL; a column of texts has no form."""
        from guard.anonymize.bins import binned_sql
        from guard.anonymize.sql_types import sql_type

        kind = sql_type(column_type, dialect)
        return binned_sql(column, kind, params.width, self._mode, transform=self._transform)
