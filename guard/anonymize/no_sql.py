"""The SQL form of a transform that only runs here: an error, so that the caller denies."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from guard.errors import TransformError

if TYPE_CHECKING:
    from sqlglot import exp

CIPHER = "no database has its cipher"
TABLE = "a mask is a function of the row"


def no_sql(transform: str, why: str = CIPHER) -> Callable[..., exp.Expression]:
    """A `sql` verb that always raises TransformError and says why."""

    def sql(column: exp.Expression, params: Any, **_about: Any) -> exp.Expression:  # noqa: ARG001 - a transform's verb
        msg = f"the transform `{transform}` has no form in SQL: {why}"
        raise TransformError(msg, help="use `pseudonym` as a mask in queries, or anonymise the table with a plan")

    sql.__doc__ = f"Raises TransformError: {why}."
    return sql
