"""Masks for dialects without an engine in the tests: only those whose SQL form is plain enough to be right by reading.

The form is PostgreSQL's, whose functions sqlglot knows by meaning (LENGTH, SUBSTRING, REPEAT) and writes for the other.
Left out is what an engine does otherwise: in Trino REPEAT makes an array and Oracle has none, ClickHouse cuts bytes,
SQL Server's LEN does not count blanks at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import sqlglot
from sqlglot import exp

from guard.anonymize.transform import Transform
from guard.errors import TransformError
from guard.sql.masking import Parameters

PLAIN: Final[Mapping[str, frozenset[str]]] = {
    "spark": frozenset({"null", "redact", "constant", "partial"}),
    "snowflake": frozenset({"null", "redact", "constant", "partial"}),
    "bigquery": frozenset({"null", "redact", "constant", "partial"}),
    "trino": frozenset({"null", "redact", "constant"}),
    "clickhouse": frozenset({"null", "redact", "constant"}),
    "tsql": frozenset({"null", "redact", "constant"}),
    "oracle": frozenset({"null", "redact", "constant"}),
}
_TEXTS: Final = frozenset({"CHAR", "NCHAR", "VARCHAR", "NVARCHAR", "TEXT"})


def plain_mask(
    transform: Transform, name: str, column: exp.Expression, params: Any, *, column_type: str, dialect: str
) -> exp.Expression:
    """The mask in one of these dialects.

    Raises:
        TransformError: there is no plain form of this transform, or the column is not text.
    """
    if name == "null":
        return exp.Null()
    if name not in PLAIN[dialect] or not _is_text(column_type, dialect):
        msg = f"the transform `{name}` has no SQL form in the dialect `{dialect}` for `{column_type}`"
        known = ", ".join(sorted(PLAIN[dialect]))
        raise TransformError(msg, help=f"let the rule name one of {known}, on columns of text")
    masked = transform.sql(column, params, column_type="TEXT", dialect="postgres", parameters=Parameters(), keys=None)
    while isinstance(masked, exp.Cast):  # the wrap casts to the column's own type
        masked = masked.this
    read = sqlglot.parse_one(masked.sql("postgres"), read="postgres")
    assert isinstance(read, exp.Expression)
    return read


def _is_text(column_type: str, dialect: str) -> bool:
    try:
        return exp.DataType.build(column_type, dialect=dialect).this.name in _TEXTS
    except (sqlglot.errors.SqlglotError, AttributeError):
        return False
