"""What the transforms share that bring a date to the first day of its month, quarter or year."""

# ruff: noqa: ARG002 - the verbs have one shape on every transform

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.anonymize.guarantee import Guarantee
from guard.model import State, Value

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from guard.anonymize.dates import Unit
    from guard.anonymize.keys import Keys
    from guard.sql.masking import Parameters


class NoParams(Value, frozen=True):
    """No parameters."""


class DateFloor:
    """The verbs for one unit."""

    def __init__(self, unit: Unit) -> None:
        self._unit: Unit = unit

    def apply(self, values: pa.Array | pa.ChunkedArray, params: NoParams, keys: Keys | None) -> pa.Array:
        """Vectorised; nulls for a column that holds neither dates nor texts."""
        from guard.anonymize.dates import floored

        return floored(values, self._unit)

    def guarantee(self, params: NoParams) -> Guarantee:
        """The unit."""
        return Guarantee(State.GENERALISED, shows=f"the {self._unit} in UTC")

    def sql(
        self,
        column: exp.Expression,
        params: NoParams,
        *,
        column_type: str,
        dialect: str,
        parameters: Parameters,
        keys: Keys | None,
    ) -> exp.Expression:
        """The same in SQL."""
        from guard.anonymize.dates import floored_sql
        from guard.anonymize.sql_types import sql_type

        return floored_sql(column, sql_type(column_type, dialect), self._unit)
