"""The spelling of masks for MariaDB and MySQL.

There `LENGTH` counts bytes, `||` is OR, `DATE_TRUNC` and `STRPOS` are unknown, and dates end with the year 9999.
"""

from __future__ import annotations

from sqlglot import exp

DIALECT = "mysql"
_STARTS = {"year": "%Y-01-01", "month": "%Y-%m-01", "day": "%Y-%m-%d"}


def spell(mask: exp.Expression) -> exp.Expression:
    """`mask`, made of the functions that all dialects share, in MariaDB's own; changed in place and returned."""
    root = exp.Paren(this=mask)
    for node in reversed(list(root.find_all(exp.DPipe, exp.Anonymous))):
        if isinstance(node, exp.DPipe):
            node.replace(_call("CONCAT", node.this, node.expression))
        elif node.name == "LENGTH":
            node.set("this", "CHAR_LENGTH")
        elif node.name == "STRPOS":
            node.set("this", "INSTR")
    whole = root.this
    assert isinstance(whole, exp.Expression)
    whole.pop()
    return whole


def exact(value: exp.Expression) -> exp.Expression:
    """`value` for comparison by code point, whatever the collation of its column."""
    return exp.Collate(this=utf8(value), expression=exp.Var(this="utf8mb4_bin"))


def utf8(value: exp.Expression) -> exp.Expression:
    """The text in UTF-8."""
    charset = exp.DataType(this=exp.DataType.Type.CHARACTER_SET, kind=exp.Var(this="utf8mb4"))
    return exp.Cast(this=value.copy(), to=charset)


def binary(value: exp.Expression) -> exp.Expression:
    """The bytes of a text in UTF-8."""
    return exp.Cast(this=utf8(value), to=exp.DataType(this=exp.DataType.Type.BINARY, nested=False))


def has_nul(value: exp.Expression) -> exp.Expression:
    """True for a text with a NUL character."""
    place = _call("INSTR", binary(value), exp.HexString(this="00"))
    return exp.GT(this=place, expression=exp.Literal.number(0))


def matches(value: exp.Expression, regex: str) -> exp.Expression:
    """True when the regular expression finds a match."""
    ended = regex.replace("$", "\\z")  # its `$` also matches before a last line break
    place = _call("REGEXP_INSTR", exact(value), exp.Literal.string(ended))
    return exp.Paren(this=exp.GT(this=place, expression=exp.Literal.number(0)))


def hmac_hex(message: exp.Expression, inner: exp.Expression, outer: exp.Expression) -> exp.Expression:
    """HMAC-SHA256 as hexadecimal digits; the pads are bound values."""
    bits = exp.Literal.number(256)
    once = _call("UNHEX", _call("SHA2", _call("CONCAT", inner, binary(message)), bits))
    return _call("SHA2", _call("CONCAT", outer, once), bits)


def whole_number(hexadecimal: exp.Expression) -> exp.Expression:
    """Hexadecimal digits as a whole number."""
    decimal = _call("CONV", hexadecimal, exp.Literal.number(16), exp.Literal.number(10))
    return exp.Cast(this=decimal, to=exp.DataType.build("BIGINT"))


def date_floor(column: exp.Expression, unit: str, *, time: bool) -> exp.Expression:
    """The first moment of the year, quarter, month or day of a date; null for a date that is none."""
    clock = " 00:00:00" if time else ""
    kind = exp.DataType.build("DATETIME" if time else "DATE", dialect=DIALECT)
    if unit == "quarter":
        months = (exp.Literal.string(f"-{month:02d}-01{clock}") for month in (1, 4, 7, 10))
        first = _call("ELT", _call("QUARTER", column), *months)
        text = _call("CONCAT", _call("DATE_FORMAT", column, exp.Literal.string("%Y")), first)
    else:
        text = _call("DATE_FORMAT", column, exp.Literal.string(_STARTS[unit] + clock))
    real = exp.GTE(this=column.copy(), expression=exp.Cast(this=exp.Literal.string("0001-01-01"), to=kind.copy()))
    return exp.Case(ifs=[exp.If(this=real, true=exp.Cast(this=text, to=kind))])


def days_later(column: exp.Expression, days: exp.Expression) -> exp.Expression:
    """A date or moment moved by a number of days; null where that leaves the years 1 to 9999."""
    moved = exp.DateAdd(this=column.copy(), expression=exp.Paren(this=days), unit=exp.Var(this="DAY"))
    first = exp.Cast(this=exp.Literal.string("0001-01-01"), to=exp.DataType.build("DATE"))
    inside = exp.and_(
        exp.GTE(this=column.copy(), expression=first), exp.GTE(this=moved.copy(), expression=first.copy())
    )
    return exp.Case(ifs=[exp.If(this=inside, true=moved)])


def _call(name: str, *arguments: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])
