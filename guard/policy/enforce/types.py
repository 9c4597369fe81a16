"""Column types as far as enforcement needs them: families, typed literals, and casts to a column's own type."""

from __future__ import annotations

import datetime as dt
import functools
import math
import re
import uuid
from typing import Final, Literal, TypeAlias

import sqlglot
from sqlglot import exp

from guard.model import Scalar
from guard.policy.enforce.allowed import TYPES
from guard.policy.enforce.golden import GOLDEN

Family: TypeAlias = Literal["text", "integer", "number", "boolean", "date", "timestamp", "uuid", "other"]

_FAMILIES: Final[dict[str, Family]] = {
    **dict.fromkeys(
        ("CHAR", "NCHAR", "VARCHAR", "NVARCHAR", "TEXT", "BPCHAR", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT", "ENUM"), "text"
    ),
    **dict.fromkeys(
        (
            "TINYINT",
            "SMALLINT",
            "INT",
            "BIGINT",
            "UTINYINT",
            "USMALLINT",
            "UINT",
            "UBIGINT",
            "INT128",
            "UINT128",
            "MEDIUMINT",
            "UMEDIUMINT",
        ),
        "integer",
    ),
    **dict.fromkeys(("FLOAT", "DOUBLE", "DECIMAL", "BIGDECIMAL", "UDECIMAL"), "number"),
    "BOOLEAN": "boolean",
    "DATE": "date",
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMPNTZ", "TIMESTAMPLTZ", "DATETIME"), "timestamp"),
    "UUID": "uuid",
}

# The widest type of each family: a literal cast to `char(2)` or `numeric(4,1)` would be cut or rounded, and then
# match rows that the rule does not mean.
_WIDEST: Final[dict[Family, str]] = {
    "text": "TEXT",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "uuid": "UUID",
}

_INTEGER_BITS: Final = 63


def data_type(spelling: str, dialect: str) -> exp.DataType | None:
    """The engine's spelling of a type as a fresh tree; None when it is not a built-in type that guard reviewed."""
    parsed = _parsed(spelling, dialect)
    return parsed.copy() if parsed is not None else None


@functools.lru_cache(maxsize=4096)
def _parsed(spelling: str, dialect: str) -> exp.DataType | None:
    if not spelling:
        return None
    try:
        parsed = exp.DataType.build(spelling, dialect=dialect)
    except sqlglot.errors.SqlglotError:
        return None
    known = all(getattr(node.this, "name", "") in TYPES for node in parsed.find_all(exp.DataType))
    return parsed if known else None


@functools.lru_cache(maxsize=4096)
def family(spelling: str, dialect: str) -> Family:
    """What a column holds, as far as literals and comparisons care. In SQLite by the declared type's words."""
    parsed = _parsed(spelling, dialect)
    if parsed is not None and not parsed.args.get("nested"):
        return _FAMILIES.get(parsed.this.name, "other")
    if dialect == "sqlite":
        return _affinity(spelling)
    return "other"


def _affinity(spelling: str) -> Family:
    """SQLite's own rules (Datatypes In SQLite, section 3.1), for declared types that are no standard type."""
    upper = spelling.upper()
    if "INT" in upper:
        return "integer"
    if any(word in upper for word in ("CHAR", "CLOB", "TEXT")):
        return "text"
    return "other"


def literal(value: Scalar, spelling: str, dialect: str) -> exp.Expr | None:
    """`value` as a literal of the column's type; None when the type cannot hold it exactly."""
    kind = family(spelling, dialect)
    if isinstance(value, bool):
        flag = dialect == "mysql" and spelling.lower().startswith("tinyint(1)")  # MariaDB has no other truth values
        return exp.Boolean(this=value) if kind == "boolean" or flag else None
    if isinstance(value, int):
        fits = kind in {"integer", "number"} and value.bit_length() <= _INTEGER_BITS
        return _number(str(value)) if fits else None
    if isinstance(value, float):
        return _number(repr(value)) if kind == "number" and math.isfinite(value) else None
    if isinstance(value, str):
        return _text(value, kind, spelling, dialect)
    return None


def _number(digits: str) -> exp.Expr:
    if digits.startswith("-"):
        return exp.Paren(this=exp.Neg(this=exp.Literal.number(digits[1:])))
    return exp.Literal.number(digits)


def _text(value: str, kind: Family, spelling: str, dialect: str) -> exp.Expr | None:
    if "\0" in value or (not value.isprintable() and re.search(r"[\ud800-\udfff]", value)):
        return None
    if not _well_formed(value, kind):
        return None
    # SQL Server reads a plain literal in the code page of the database, where other letters become question marks.
    wide = dialect == "tsql" and not value.isascii()
    plain: exp.Expr = exp.National(this=value) if wide else exp.Literal.string(value)
    if dialect == "sqlite" or (kind == "text" and dialect in {"mysql", *GOLDEN}):
        return plain  # in MariaDB a cast would bring a collation of its own
    if kind == "timestamp":
        spelling = "DATETIME(6)" if dialect == "mysql" else spelling
        target = data_type(spelling if dialect == "mysql" else re.sub(r"\(\d+\)", "", spelling), dialect)
        return exp.Cast(this=plain, to=target) if target is not None else None
    widest = data_type(_WIDEST.get(kind, ""), dialect)
    return exp.Cast(this=plain, to=widest) if widest is not None else None


def _well_formed(value: str, kind: Family) -> bool:
    """A text that its type will take, so that the engine never fails on the rule's value."""
    try:
        if kind == "date":
            dt.date.fromisoformat(value)
        elif kind == "timestamp":
            dt.datetime.fromisoformat(value)
        elif kind == "uuid":
            uuid.UUID(value)
        else:
            return kind == "text"
    except ValueError:
        return False
    return True
