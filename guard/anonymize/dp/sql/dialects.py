"""What the engines spell differently: names, clamps, hashes, exact sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.value import Leaf, Val, literal, whole
from guard.anonymize.sql_types import Family

DIALECTS: Final = ("duckdb", "postgres", "sqlite", "spark")
MOST_STEPS = 2**53  # of a column of a float type: beyond, a double is coarser than the grid
_NUMBERS = (Family.INTEGER, Family.DECIMAL, Family.FLOAT)
_FIRST, _LAST = "0001-01-01", "9999-12-31"


def name(spelling: str, dialect: str) -> str:
    """A quoted name."""
    mark = "`" if dialect == "spark" else '"'
    return f"{mark}{spelling.replace(mark, mark * 2)}{mark}"


def text(value: str) -> str:
    """A text literal; control characters and backslashes were refused before."""
    return "'" + value.replace("'", "''") + "'"


def clamped(column: Val, dialect: str) -> Val:
    """A column of numbers on its grid: moved into its range by CASE, NULL and NaN stay NULL, no value can fail.

    The comparisons run before the cast, and a CASE computes a branch only for the rows that reach it.

    Raises:
        Refusal: no bounds are known, or the range does not fit.
    """
    leaf = column.leaf
    assert leaf is not None
    if leaf.type.family not in _NUMBERS and not (dialect == "spark" and leaf.type.family is Family.OTHER):
        raise Refusal("dp-type", f"column `{leaf.name}` holds no numbers", help="use a column of numbers here")
    interval = leaf.bounds.interval if leaf.bounds is not None else None
    if interval is None:
        return _by_type(column, leaf, dialect)
    assert leaf.bounds is not None
    scale = leaf.bounds.grid
    low, high = whole(interval[0], scale), whole(interval[1], scale)
    if max(abs(low), abs(high)) > MOST_STEPS:
        raise Refusal(
            "dp-range",
            f"the range of `{leaf.name}` has too many steps",
            help="let the owner of the data declare a narrower range or a wider `step`",
        )
    sql = _clamp(column.sql, leaf, low, high, dialect)
    return Val(
        "number",
        sql,
        low,
        high,
        scale,
        bounded=True,
        integer=leaf.type.family is Family.INTEGER,
        wide=column.wide,
        clip=leaf.bounds.clip,
    )


def _by_type(column: Val, leaf: Leaf, dialect: str) -> Val:
    """Whole numbers of at most 32 bits need no bounds to be computed with; to be summed they do."""
    small = leaf.type.family is Family.INTEGER and max(abs(leaf.type.low), leaf.type.high) < 2**33
    if not small or dialect == "sqlite":
        raise Refusal(
            "dp-bounds",
            f"column `{leaf.name}` has no declared range",
            help=f"let the owner of the data declare `low` and `high` of `{leaf.name}` in privacy/units.yaml",
        )
    sql = f"CAST({column.sql} AS BIGINT)"
    return Val("number", sql, leaf.type.low, leaf.type.high, integer=True)


def _clamp(sql: str, leaf: Leaf, low: int, high: int, dialect: str) -> str:
    assert leaf.bounds is not None
    grid, family = leaf.bounds.grid, leaf.type.family
    first, last = leaf.bounds.interval or (0, 0)
    exact = "NUMERIC" if family is Family.DECIMAL else "DOUBLE PRECISION"
    none = {
        "duckdb": f"{sql} IS NULL OR isnan(CAST({sql} AS DOUBLE))",
        "postgres": f"{sql} IS NULL OR {sql} = CAST('NaN' AS {exact})",
        "spark": f"{sql} IS NULL OR isnan(CAST({sql} AS DOUBLE))",
        "sqlite": f"typeof({sql}) <> 'integer' AND typeof({sql}) <> 'real'",
    }[dialect]
    if family is Family.INTEGER and dialect != "sqlite":
        none = f"{sql} IS NULL"
    inside = sql if grid == 1 and family is Family.INTEGER and dialect != "sqlite" else _steps(sql, grid, dialect)
    return (
        f"CASE WHEN {none} THEN NULL WHEN {sql} < {_decimal(first)} THEN {literal(low)}"
        f" WHEN {sql} > {_decimal(last)} THEN {literal(high)} ELSE CAST({inside} AS BIGINT) END"
    )


def _steps(sql: str, grid: object, dialect: str) -> str:
    from fractions import Fraction

    assert isinstance(grid, Fraction)
    wide = {"duckdb": "DOUBLE", "postgres": "NUMERIC", "spark": "DOUBLE", "sqlite": "REAL"}[dialect]
    value = f"CAST({sql} AS {wide})"
    if grid.denominator != 1:
        value = f"{value} * {grid.denominator}"
    if grid.numerator != 1:
        value = f"{value} / {grid.numerator}"
    return f"round({value})"


def _decimal(value: object) -> str:
    from fractions import Fraction

    assert isinstance(value, Fraction)
    if value.denominator == 1:
        digits = str(value.numerator)
    else:
        places = 0
        while (value * 10**places).denominator != 1:
            places += 1
            if places > 30:
                raise Refusal("dp-range", "a bound is no decimal number", help="declare bounds as decimals")
        steps = abs((value * 10**places).numerator)
        whole_part, rest = divmod(steps, 10**places)
        digits = f"{'-' if value < 0 else ''}{whole_part}.{rest:0{places}d}"
    return f"({digits})" if digits.startswith("-") else digits


def dated(sql: str, kind: str, dialect: str, expression: str) -> str:
    """`expression` over a date or time, NULL outside of the years 1 to 9999, where engines differ or fail."""
    if dialect == "sqlite":
        return expression
    to = "DATE" if kind == "date" else "TIMESTAMP"
    after = "9999-12-31" if kind == "date" else "9999-12-31 23:59:59"
    return f"CASE WHEN {sql} >= CAST('{_FIRST}' AS {to}) AND {sql} <= CAST('{after}' AS {to}) THEN {expression} END"


def order_key(unit: str, keys: Sequence[str], salt: int, dialect: str) -> str:
    """What decides which groups of a unit count: a hash of the unit, the group and a secret, of its own rows alone.

    The guarantee needs only that it does not depend on other units' rows; the hash makes it fair.
    """
    parts = [unit, *keys]
    if dialect == "duckdb":
        return f"hash({', '.join(parts)}, {salt})"
    if dialect == "spark":
        return f"xxhash64({', '.join(parts)}, {salt})"
    if dialect == "postgres":
        return f"md5(concat({', '.join(f'CAST({part} AS TEXT), {text(chr(124))}' for part in parts)}, '{salt}'))"
    # SQLite has no hash: a polynomial over the last characters of the quoted values.
    digits = [salt % 9973 + 1]
    terms = []
    for part in parts:
        for place in range(1, 9):
            digits.append(digits[-1] * 7919 % 104729)
            terms.append(f"coalesce(unicode(substr(quote({part}), -{place}, 1)), 0) * {digits[-1]}")
    return f"(({' + '.join(terms)}) * 7919 % 104729)"


def exact(total: str, dialect: str) -> tuple[str, ...]:
    """A sum of whole numbers as columns that lose nothing and cannot overflow: a text, or two halves in SQLite."""
    if dialect == "sqlite":
        # INVARIANT: high * 65536 + low is the number; either half fits 2**47 units.
        return f"sum({total} >> 16)", f"sum({total} & 65535)"
    return (f"CAST(coalesce(sum({total}), 0) AS {'STRING' if dialect == 'spark' else 'VARCHAR'})",)


def joined(parts: Sequence[object], dialect: str) -> int:
    """The number that `exact` spread over columns."""
    if dialect == "sqlite":
        high, low = parts
        return int(str(high or 0)) * 65536 + int(str(low or 0))
    return int(str(parts[0] or 0))
