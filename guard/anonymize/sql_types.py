"""What a transform must know of a column's SQL type: its family, its bounds, and how to get back to it."""

from __future__ import annotations

import enum
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

from sqlglot import exp
from sqlglot.errors import SqlglotError

from guard.errors import TransformError
from guard.model import Value

Dialect: TypeAlias = Literal["postgres", "duckdb", "sqlite", "mysql"]


class Family(enum.StrEnum):
    """Types that a transform treats alike."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIMESTAMP_TZ = "timestamp with time zone"
    OTHER = "other"


class SqlType(Value, frozen=True):
    """A column's type in one dialect; `low` and `high` bound the whole numbers of an integer or decimal, else are 0."""

    name: str
    dialect: Dialect
    family: Family
    low: int = 0
    high: int = 0
    target: str = ""  # what a result is cast to; empty where the expression has the type already

    @property
    def is_plain_text(self) -> bool:
        """True for text without a length."""
        return self.family is Family.TEXT and self.target.upper() in {"TEXT", "VARCHAR"}

    def cast(self, expression: exp.Expression) -> exp.Expression:
        """`expression` in the column's own type.

        A length such as that of `varchar(11)` is left out: it would cut a mask that is longer than the value.
        """
        if not self.target:
            return expression
        kind = exp.DataType.build(self.target, dialect=self.dialect, udt=True)
        return exp.Cast(this=expression, to=kind)


_T = exp.DataType.Type
_FAMILIES = {
    **dict.fromkeys((_T.TEXT, _T.VARCHAR, _T.CHAR, _T.BPCHAR, _T.NVARCHAR, _T.NCHAR), Family.TEXT),
    **dict.fromkeys((_T.FLOAT, _T.DOUBLE), Family.FLOAT),
    **dict.fromkeys((_T.DECIMAL,), Family.DECIMAL),
    **dict.fromkeys((_T.DATE,), Family.DATE),
    **dict.fromkeys(
        (_T.TIMESTAMP, _T.TIMESTAMPNTZ, _T.TIMESTAMP_S, _T.TIMESTAMP_MS, _T.TIMESTAMP_NS), Family.TIMESTAMP
    ),
    **dict.fromkeys((_T.TIMESTAMPTZ,), Family.TIMESTAMP_TZ),
}
_INTEGERS = {
    _T.TINYINT: (-(2**7), 2**7 - 1),
    _T.SMALLINT: (-(2**15), 2**15 - 1),
    _T.INT: (-(2**31), 2**31 - 1),
    _T.BIGINT: (-(2**63), 2**63 - 1),
    _T.UTINYINT: (0, 2**8 - 1),
    _T.USMALLINT: (0, 2**16 - 1),
    _T.UINT: (0, 2**32 - 1),
    _T.UBIGINT: (0, 2**64 - 1),
}


@lru_cache(maxsize=4096)
def sql_type(column_type: str, dialect: str) -> SqlType:
    """The type of a column by the engine's own spelling.

    Raises:
        TransformError: guard has no SQL forms for this dialect.
    """
    known = next((name for name in get_args(Dialect) if name == dialect), None)
    if known is None:
        msg = f"masks have no SQL form in the dialect `{dialect[:32]}`"
        raise TransformError(msg, help="read the table through postgres, duckdb, sqlite or mariadb")
    if known == "mysql":
        return _mysql(column_type)
    return _sqlite(column_type) if known == "sqlite" else _typed(column_type, known)


def _typed(column_type: str, dialect: Dialect) -> SqlType:
    try:
        kind = exp.DataType.build(column_type, dialect=dialect, udt=True)
    except (SqlglotError, ValueError):
        return SqlType(column_type, dialect, Family.OTHER)
    if kind.this is _T.USERDEFINED and str(kind.args.get("kind", "")).lower().rpartition(".")[2] == "citext":
        return SqlType(column_type, dialect, Family.TEXT, target=column_type)
    if kind.this in _INTEGERS and not kind.expressions:
        low, high = _INTEGERS[kind.this]
        return SqlType(column_type, dialect, Family.INTEGER, low, high, target=column_type)
    family = _FAMILIES.get(kind.this, Family.OTHER)
    if family is Family.OTHER or kind.args.get("nested"):
        return SqlType(column_type, dialect, Family.OTHER)
    high = _whole_part(kind) if family is Family.DECIMAL else 0
    return SqlType(column_type, dialect, family, -high, high, target=_unlimited(kind, column_type, dialect))


def _whole_part(kind: exp.DataType) -> int:
    """The largest whole number of a decimal type; 0 when the type does not say."""
    sizes = [int(size.this.this) for size in kind.expressions if size.this.this.isdigit()]
    precision, scale = (*sizes, 0, 0)[:2]
    return int(10 ** (precision - scale)) - 1 if precision > scale else 0


def _unlimited(kind: exp.DataType, column_type: str, dialect: Dialect) -> str:
    """The type without a length. `CHAR` alone means one character in PostgreSQL, so it becomes `BPCHAR`."""
    if kind.this in {_T.CHAR, _T.NCHAR, _T.BPCHAR} and dialect == "postgres":
        return "BPCHAR"
    if _FAMILIES[kind.this] is Family.TEXT:
        return "TEXT" if kind.this is _T.TEXT else "VARCHAR"
    if kind.this is _T.DECIMAL and dialect == "postgres":
        return "NUMERIC"
    return column_type


_MYSQL_TEXT = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext")
_MYSQL_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "integer": 32, "bigint": 64}


def _mysql(declared: str) -> SqlType:
    """MariaDB's and MySQL's types. A result keeps no target: their CAST takes families, which enforcement adds."""
    word = declared.lower().partition("(")[0].split(" ")[0]
    if word in _MYSQL_TEXT:
        return SqlType(declared, "mysql", Family.TEXT)
    if word in _MYSQL_BITS:
        bits = _MYSQL_BITS[word]
        unsigned = "unsigned" in declared.lower()
        low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return SqlType(declared, "mysql", Family.INTEGER, low, high)
    if word in {"float", "double"}:
        return SqlType(declared, "mysql", Family.FLOAT)
    if word in {"date", "datetime", "timestamp"}:
        return SqlType(declared, "mysql", Family.DATE if word == "date" else Family.TIMESTAMP)
    if word in {"decimal", "numeric"}:
        sizes = [
            int(size) for size in declared.partition("(")[2].partition(")")[0].split(",") if size.strip().isdigit()
        ]
        precision, scale = (*sizes, 0, 0)[:2] if sizes else (10, 0)
        high = 10 ** (precision - scale) - 1 if precision > scale else 0
        return SqlType(declared, "mysql", Family.DECIMAL, 0 if "unsigned" in declared.lower() else -high, high)
    return SqlType(declared, "mysql", Family.OTHER)


def _sqlite(declared: str) -> SqlType:
    """SQLite keeps any value in any column: the family follows the affinity rules (datatype3.html, 3.1).

    Each expression asks `typeof` of the value besides, since the affinity is no promise.
    """
    name = declared.upper()
    if "INT" in name:
        return SqlType(declared, "sqlite", Family.INTEGER, -(2**63), 2**63 - 1)
    if not name or any(part in name for part in ("CHAR", "CLOB", "TEXT", "DATE", "TIME")):
        return SqlType(declared, "sqlite", Family.TEXT)  # SQLite has no date type: dates are ISO texts
    if "BLOB" in name:
        return SqlType(declared, "sqlite", Family.OTHER)
    return SqlType(declared, "sqlite", Family.FLOAT)
