"""The form: what the database computes. Two levels, whole numbers only, one unit's part bounded before any sum.

    WITH dp_src AS (the analyst's rows, with unit, keys and arguments on their grids),
         dp_own AS (one row per unit and group: its counts and sums),
         dp_per AS (the same, clamped; of each unit only the groups that a hash of unit and group puts first)
    SELECT keys, sums over units

INVARIANT: nothing stands between the choice of groups and the last sum. What the text returns are true numbers: they
never leave this package without noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from guard.anonymize.dp.sql import dialects
from guard.anonymize.dp.sql.accept import Accepted
from guard.anonymize.dp.sql.measure import Measure
from guard.anonymize.dp.sql.refusal import Refusal
from guard.anonymize.dp.sql.rows import Rows, from_text, named
from guard.anonymize.dp.sql.value import WIDEST, Val, literal

ROWS_OF_UNIT: Final = 2**40  # more rows of one unit do not fit on a machine
ROWS_OF_UNIT_SQLITE: Final = 2**31
_BITS: Final = 61  # a prime, so that multiplying permutes the places of bits
MOST_PEELED: Final = 16  # groups of a unit that are taken from its bits
_SIDE: Final = ("distinct", "histogram")


@dataclass(frozen=True, slots=True)
class Form:
    """One statement: its text, the measures that it sums, and how many columns each sum takes."""

    sql: str
    measures: tuple[int, ...]
    keys: int
    side: bool  # distinct and histogram: one measure, one more column that names the value


def forms(accepted: Accepted, *, groups: int, rows: int, salt: int) -> tuple[Form, ...]:
    """The statements of an answer, given what one unit may contribute: at most `rows` rows in each of `groups` groups.

    Raises:
        Refusal: a sum may become too large to be exact.
    """
    made = []
    main = tuple(place for place, measure in enumerate(accepted.measures) if measure.kind not in _SIDE)
    if main or accepted.combinations is None:
        made.append(_main(accepted, main, groups=groups, rows=rows, salt=salt))
    for place, measure in enumerate(accepted.measures):
        if measure.kind == "distinct":
            made.append(_distinct(accepted, place, most=groups * rows, salt=salt))
        elif measure.kind == "histogram":
            made.append(_histogram(accepted, place, groups=groups, rows=rows, salt=salt))
    return tuple(made)


def bounded_by_keys(accepted: Accepted, groups: int) -> bool:
    """True when there are no more public groups than a unit may count in."""
    return accepted.combinations is not None and len(accepted.combinations) <= groups


def unit_measure(accepted: Accepted, rows: int) -> int | None:
    """The measure that counts units as it is: COUNT(DISTINCT unit), or COUNT(*) where a unit has one row at most."""
    for place, measure in enumerate(accepted.measures):
        if measure.value is None and (measure.kind == "units" or (measure.kind == "rows" and rows == 1)):
            return place
    return None


def counts_units(accepted: Accepted, rows: int) -> bool:
    """True when the main statement carries a count of units of its own, for the threshold on private keys."""
    return accepted.combinations is None and unit_measure(accepted, rows) is None


def _main(accepted: Accepted, places: tuple[int, ...], *, groups: int, rows: int, salt: int) -> Form:
    dialect = accepted.dialect
    measures = [accepted.measures[place] for place in places]
    keys = [f"dp_k{number}" for number in range(len(accepted.keys))]
    arguments: dict[str, str] = {}
    for measure in measures:
        if measure.value is not None:
            arguments.setdefault(measure.value.sql, f"dp_x{len(arguments)}")
    inner: list[str] = []
    totals: dict[str, str] = {}
    for measure in measures:
        name = arguments[measure.value.sql] if measure.value is not None else ""
        totals.update(_sums(measure, name))
        inner += _per_unit(measure, name, rows, dialect)
    if counts_units(accepted, rows):
        inner.append("1")
    sums = [f"dp_v{number}" for number in range(len(inner))]
    within = ["dp_u", *keys]
    added = ", ".join([*within, *(f"{sql} AS {name}" for name, sql in totals.items())])
    listed = [f"{sql} AS {name}" for sql, name in arguments.items()]
    bounded = bool(keys) and not bounded_by_keys(accepted, groups)
    masked = _masked(accepted, groups, salt) if bounded else None
    rest, base = ([], "dp_src") if masked is None else (masked[1], masked[2])
    source = source_text(accepted, listed if masked is None else [*listed, masked[0]])
    chain = [
        f"dp_src AS ({source})",
        *rest,
        f"dp_own AS (SELECT {added} FROM {base} GROUP BY {', '.join(within)})",
    ]
    body = f"SELECT {', '.join([*within, *(f'{sql} AS {name}' for sql, name in zip(inner, sums, strict=True))])}"
    top = "dp_per AS dp_p"
    if bounded and masked is None:
        chain += [f"dp_all AS ({body} FROM dp_own)", f"dp_per AS ({ranked('dp_all', keys, salt, dialect)})"]
        top += f" WHERE dp_p.dp_n <= {groups}"
    else:
        chain.append(f"dp_per AS ({body} FROM dp_own)")
    outputs = [*keys, *(column for name in sums for column in dialects.exact(f"dp_p.{name}", dialect))]
    text = f"WITH {', '.join(chain)} SELECT {', '.join(_aliased(outputs, len(keys)))} FROM {top}"
    if keys:
        text += f" GROUP BY {', '.join(f'dp_p.{key}' for key in keys)}"
    return Form(named(text, prefix="dp_r"), places, len(keys), side=False)


def _aliased(outputs: Sequence[str], keys: int) -> list[str]:
    return [
        f"dp_p.{sql} AS dp_o{place}" if place < keys else f"{sql} AS dp_o{place}" for place, sql in enumerate(outputs)
    ]


def source_text(accepted: Accepted, arguments: Sequence[str]) -> str:
    """The analyst's rows: unit, keys, arguments. Rows of nobody, and of groups that are not declared, are left out."""
    rows: Rows = accepted.rows
    dialect = accepted.dialect
    listed = [f"{rows.unit} AS dp_u", *(f"{key.sql} AS dp_k{number}" for number, key in enumerate(accepted.keys))]
    where = list(rows.where)
    if accepted.combinations is not None:
        for key in accepted.keys:
            where += _declared(key, dialect)
    where.append(f"{rows.unit} IS NOT NULL")
    filtered = Rows(rows.sources, where, {})
    return f"SELECT {', '.join([*listed, *arguments])} {from_text(filtered)}"


def _declared(key: Val, dialect: str) -> list[str]:
    """Only the declared values of a key whose domain is declared; a computed key takes no other."""
    domain = key.domain or ()
    if key.leaf is None and key.kind in ("number", "boolean"):
        return [] if None in domain else [f"{key.sql} IS NOT NULL"]
    spelt = [_spelt(value, dialect) for value in domain if value is not None]
    listed = f"{key.sql} IN ({', '.join(sorted(spelt))})" if spelt else "FALSE"
    return [f"({listed} OR {key.sql} IS NULL)" if None in domain else listed]


def _spelt(value: object, dialect: str) -> str:
    from datetime import date

    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Fraction):
        return str(value.numerator) if value >= 0 else f"({value.numerator})"
    if isinstance(value, date):
        return dialects.text(value.isoformat()) if dialect == "sqlite" else f"CAST('{value.isoformat()}' AS DATE)"
    assert isinstance(value, str)
    return dialects.text(value)


def _per_unit(measure: Measure, name: str, rows: int, dialect: str) -> list[str]:
    """A unit's part of a measure in one group, over the sums of `_sums`: whole numbers within its reach."""
    if measure.kind == "rows":
        return [_at_most("dp_n", rows)]
    if measure.kind == "units" and not name:
        return ["1"]
    count = _summed("n", name)
    if measure.kind == "units":
        return [f"CASE WHEN {count} > 0 THEN 1 ELSE 0 END"]
    if measure.kind == "present":
        return [_at_most(count, rows)]
    if measure.kind == "pair":
        _fits(measure.width, rows, dialect)
        total, wide = _summed("s", name), _wide(count, max(abs(measure.low), abs(measure.high)), dialect)
        above = f"{literal(measure.high)} * {wide} - {total}"
        below = f"{total} - {literal(measure.low)} * {wide}" if measure.low else total
        return [_scaled(above, count, rows, dialect), _scaled(below, count, rows, dialect)]
    _fits(measure.width**2, rows, dialect)
    square = _summed("q", name)
    rest = f"{literal(measure.width**2)} * {_wide(count, measure.width**2, dialect)} - {square}"
    return [_scaled(each, count, rows, dialect) for each in (_summed("z", name), rest, square)]


def _summed(what: str, name: str) -> str:
    """The name of a sum over an argument: `n` how many, `s` sum, `z` centred sum, `q` sum of centred squares."""
    return f"dp_{what}{name.removeprefix('dp_x')}"


def _sums(measure: Measure, name: str) -> dict[str, str]:
    """The sums over one unit's rows in one group that a measure is made of, by name."""
    if not name:
        return {"dp_n": "count(*)"} if measure.kind == "rows" else {}
    made = {_summed("n", name): f"count({name})"}
    if measure.kind == "pair":
        made[_summed("s", name)] = f"coalesce(sum({name}), 0)"
    if measure.kind == "moments":
        if measure.width > 2**31:
            raise Refusal("dp-range", "a variance needs a coarser grid", help="let the owner declare a wider `step`")
        centred = f"({name} * 2 - {literal(measure.low + measure.high)})"
        made[_summed("z", name)] = f"coalesce(sum({centred}), 0)"
        made[_summed("q", name)] = f"coalesce(sum({centred} * {centred}), 0)"
    return made


def _at_most(count: str, rows: int) -> str:
    return f"CASE WHEN {count} > {rows} THEN {rows} ELSE {count} END"


def _fits(width: int, rows: int, dialect: str) -> None:
    most = width * ROWS_OF_UNIT_SQLITE if dialect == "sqlite" else 0
    if max(width * rows, most) > WIDEST:
        raise Refusal(
            "dp-range",
            "a sum may become too large to be exact",
            help="let the owner declare narrower bounds or a wider `step`",
        )


def _wide(count: str, width: int, dialect: str) -> str:
    """A count in a type in which its product with the width cannot overflow."""
    if dialect == "sqlite" or width * ROWS_OF_UNIT < WIDEST:
        return count
    return f"CAST({count} AS {({'duckdb': 'HUGEINT', 'postgres': 'NUMERIC', 'spark': 'DECIMAL(38, 0)'})[dialect]})"


def _scaled(total: str, count: str, rows: int, dialect: str) -> str:
    """A unit with more rows than it may have counts by the mean of its rows, `rows` times; cut towards zero."""
    product = f"({total}) * {rows}"
    if dialect == "duckdb":  # `//` cuts towards zero there as well
        cut = f"({product}) // {count}"
    elif dialect == "postgres":
        cut = f"div({product}, {count})"
    elif dialect == "spark":
        cut = f"({product}) DIV {count}"
    else:
        cut = f"({product}) / {count}"
    return f"CAST(CASE WHEN {count} > {rows} THEN {cut} ELSE {total} END AS BIGINT)"


def _masked(accepted: Accepted, groups: int, salt: int) -> tuple[str, list[str], str] | None:
    """Few declared groups on DuckDB: a unit's groups as the bits of one number, of which the lowest count.

    A bit's place is a permutation of the groups that a hash of the unit chooses, so the choice is fair, and rows of
    other groups go before anything is added up: a fifth of the work of ranking every unit and group.

    Returns a column for each row, the CTEs that choose, and the FROM of the rows that count.
    """
    combinations = accepted.combinations
    if accepted.dialect != "duckdb" or combinations is None or len(combinations) > _BITS or groups > MOST_PEELED:
        return None
    code, size = [], 1
    for key in accepted.keys:
        code.append(f"{_place(key, accepted.dialect)} * {size}" if size > 1 else _place(key, accepted.dialect))
        size *= len(key.domain or ())
    unit = accepted.rows.unit
    mixed = f"CAST(hash({unit}, {salt}) % {_BITS * (_BITS - 1)} AS BIGINT)"
    place = f"(({' + '.join(code)}) * (1 + {mixed} % {_BITS - 1}) + {mixed} // {_BITS - 1}) % {_BITS}"
    bit = f"(CAST(1 AS BIGINT) << ({place})) AS dp_b"
    peeled = "SELECT dp_u, bit_or(dp_b) AS dp_m, bit_or(dp_b) AS dp_x FROM dp_src GROUP BY dp_u"
    chain = [f"dp_t0 AS ({peeled})"]
    chain += [
        f"dp_t{step + 1} AS (SELECT dp_u, dp_m, dp_x & (dp_x - 1) AS dp_x FROM dp_t{step})" for step in range(groups)
    ]
    # INVARIANT: dp_m - dp_x holds the `groups` lowest bits of dp_m: so many groups of the unit count, and no more.
    source = (
        f"(SELECT dp_s.* FROM dp_src AS dp_s INNER JOIN dp_t{groups} AS dp_l ON dp_s.dp_u = dp_l.dp_u"
        " WHERE ((dp_l.dp_m - dp_l.dp_x) & dp_s.dp_b) <> 0) AS dp_f"
    )
    return bit, chain, source


def _place(key: Val, dialect: str) -> str:
    """The place of a key's value in its domain, as SQL."""
    domain = list(key.domain or ())
    steps = [_steps_of(key, value) for value in domain]
    whole = [int(value) for value in steps if isinstance(value, Fraction)]
    if whole and whole == list(range(whole[0], whole[0] + len(domain))):
        return f"(CAST({key.sql} AS BIGINT) - {literal(whole[0])})"
    cases = [
        f"WHEN {key.sql} = {_spelt(value, dialect)} THEN {place}"
        for place, value in enumerate(steps)
        if value is not None
    ]
    rest = domain.index(None) if None in domain else 0
    return f"CASE {' '.join(cases)} ELSE {rest} END" if cases else str(rest)


def _steps_of(key: Val, value: object) -> object:
    """A value of a key's domain as its SQL holds it: on its grid where it is computed."""
    return value / key.scale if isinstance(value, Fraction) and key.leaf is None else value


def ranked(table: str, columns: Sequence[str], salt: int, dialect: str, *, within: Sequence[str] = ("dp_u",)) -> str:
    """`table` with `dp_n`: the place of a row among those of its unit, by a hash and, where hashes tie, by the columns.

    INVARIANT: the place depends on the unit's own rows alone.
    """
    own = [f"dp_a.{column}" for column in columns]
    order = ", ".join([dialects.order_key("dp_a.dp_u", own, salt, dialect), *own])
    part = ", ".join(f"dp_a.{each}" for each in within)
    return f"SELECT dp_a.*, row_number() OVER (PARTITION BY {part} ORDER BY {order}) AS dp_n FROM {table} AS dp_a"


def _distinct(accepted: Accepted, place: int, *, most: int, salt: int) -> Form:
    """Distinct values per group: a unit names at most `most` values over all groups."""
    measure = accepted.measures[place]
    assert measure.value is not None
    dialect = accepted.dialect
    keys = [f"dp_k{number}" for number in range(len(accepted.keys))]
    source = source_text(accepted, [f"{measure.value.sql} AS dp_x0"])
    pair = [*keys, "dp_x0"]
    outputs = [f"dp_p.{key} AS dp_o{number}" for number, key in enumerate(keys)]
    outputs.append(f"{_text('count(DISTINCT dp_p.dp_x0)', dialect)} AS dp_o{len(keys)}")
    chain = [
        f"dp_src AS ({source})",
        f"dp_all AS (SELECT DISTINCT dp_u, {', '.join(pair)} FROM dp_src WHERE dp_x0 IS NOT NULL)",
        f"dp_per AS ({ranked('dp_all', pair, salt, dialect)})",
    ]
    text = f"WITH {', '.join(chain)} SELECT {', '.join(outputs)} FROM dp_per AS dp_p WHERE dp_p.dp_n <= {most}"
    if keys:
        text += f" GROUP BY {', '.join(f'dp_p.{key}' for key in keys)}"
    return Form(named(text, prefix="dp_r"), (place,), len(keys), side=True)


def _histogram(accepted: Accepted, place: int, *, groups: int, rows: int, salt: int) -> Form:
    """Rows per group and value: of each unit at most `rows` rows in each of `groups` groups."""
    measure = accepted.measures[place]
    assert measure.value is not None
    dialect = accepted.dialect
    keys = [f"dp_k{number}" for number in range(len(accepted.keys))]
    within = ["dp_u", *keys]
    source = source_text(accepted, [f"{measure.value.sql} AS dp_x0"])
    chain = [
        f"dp_src AS ({source})",
        f"dp_val AS (SELECT {', '.join([*within, 'dp_x0'])} FROM dp_src WHERE dp_x0 IS NOT NULL)",
        f"dp_row AS ({ranked('dp_val', [*keys, 'dp_x0'], salt, dialect, within=within)})",
    ]
    join = ""
    if keys and not bounded_by_keys(accepted, groups):
        same = " AND ".join(
            f"(dp_p.{each} = dp_l.{each} OR (dp_p.{each} IS NULL AND dp_l.{each} IS NULL))" for each in within
        )
        chain += [
            f"dp_all AS (SELECT DISTINCT {', '.join(within)} FROM dp_val)",
            f"dp_lim AS ({ranked('dp_all', keys, salt, dialect)})",
        ]
        join = f" INNER JOIN dp_lim AS dp_l ON {same} AND dp_l.dp_n <= {groups}"
    outputs = [*keys, "dp_x0"]
    listed = ", ".join(f"dp_p.{each} AS dp_o{number}" for number, each in enumerate(outputs))
    text = (
        f"WITH {', '.join(chain)} SELECT {listed}, {_text('count(*)', dialect)} AS dp_o{len(outputs)}"
        f" FROM dp_row AS dp_p{join} WHERE dp_p.dp_n <= {rows}"
        f" GROUP BY {', '.join(f'dp_p.{each}' for each in outputs)}"
    )
    return Form(named(text, prefix="dp_r"), (place,), len(keys), side=True)


def _text(count: str, dialect: str) -> str:
    return f"CAST({count} AS {'STRING' if dialect == 'spark' else 'VARCHAR'})"
