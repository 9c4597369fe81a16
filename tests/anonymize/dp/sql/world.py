"""A small world of persons, visits and items on three engines, and the pipeline over it with the noise switched off."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from guard.anonymize.dp.sql.accept import names_of
from guard.anonymize.dp.sql.answer import Draw, measured, rows_of
from guard.anonymize.dp.sql.metadata import Units, tables_of
from guard.anonymize.dp.sql.post import finish
from guard.anonymize.keys import Keyring
from guard.anonymize.mask_sql import Masks
from guard.engine.cache import Cache
from guard.engine.dp import PrivateQuery, accepted_query
from guard.engine.dp_form import Tables
from guard.model import Decision, DifferentialPrivacy, EnforcedQuery, Obligation, Sensitive
from guard.policy.facts import extract
from guard.sources.open import open_source
from guard.sources.source import Limits, Source
from guard.sql.catalogue import Catalogue
from guard.sql.parse import parse

LIMITS = Limits(rows=1_000_000, seconds=60.0)
AREAS = ("north", "south", "east", "west")
SALT = 20_260_101
MASKS = Masks(Keyring({1: Sensitive(bytes(range(32)))}), purpose="research")
WIDE = {"groups": 200, "rows": 1_000}

TABLES = {
    "person": (
        "pid INTEGER, seg INTEGER, born INTEGER, kind VARCHAR(10)",
        "(?, ?, ?, ?)",
    ),
    "visit": (
        "vid INTEGER, pid INTEGER, area VARCHAR(10), amount INTEGER, score DOUBLE PRECISION, day DATE, note TEXT",
        "(?, ?, ?, ?, ?, ?, ?)",
    ),
    "item": ("iid INTEGER, vid INTEGER, qty INTEGER, price INTEGER", "(?, ?, ?, ?)"),
    "area": ("code VARCHAR(10), region VARCHAR(10), size INTEGER", "(?, ?, ?)"),
}


def declared(*, groups: int | str, rows: int | str) -> Units:
    """What the owner of the world says about it."""
    bound = {"groups": groups, "rows": rows}
    return tables_of(
        {
            "person": {
                "unit": "pid",
                **bound,
                "columns": {
                    "seg": {"low": 0, "high": 5, "keys": [0, 1, 2, 3, 4, 5]},
                    "born": {"low": 1900, "high": 2020},
                },
            },
            "visit": {
                "unit": "pid",
                **bound,
                "columns": {
                    "amount": {"low": -50, "high": 500},
                    "score": {"low": 0, "high": 10, "step": "0.01"},
                    "area": {"keys": list(AREAS)},
                },
            },
            "item": {
                "through": {"column": "vid", "table": "visit", "key": "vid"},
                **bound,
                "columns": {"qty": {"low": 0, "high": 20}, "price": {"low": 0, "high": 1000}},
            },
            "area": {"public": True, "columns": {"size": {"low": 0, "high": 100}}},
        }
    )


def rows_of_world(seed: int, persons: int) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of every table; some values are NULL."""
    chance = random.Random(seed)
    person = [(n, chance.randrange(6), 1930 + chance.randrange(80), chance.choice("abc")) for n in range(persons)]
    visit: list[tuple[Any, ...]] = []
    for n in range(persons):
        for _ in range(chance.randrange(6)):
            visit.append(
                (
                    len(visit),
                    n,
                    chance.choice(AREAS),
                    None if chance.random() < 0.1 else chance.randrange(-40, 400),
                    None if chance.random() < 0.1 else chance.randrange(1000) / 100,
                    (date(2024, 1, 1) + timedelta(days=chance.randrange(700))).isoformat(),
                    None if chance.random() < 0.2 else chance.choice(("new", "old", "O'Hara")),
                )
            )
    item = [
        (n, chance.randrange(max(1, len(visit))), chance.randrange(20), chance.randrange(900))
        for n in range(len(visit))
    ]
    area = [(code, "r1" if n % 2 else "r2", n * 10) for n, code in enumerate(AREAS)]
    return {"person": person, "visit": visit, "item": item, "area": area}


@dataclass
class Engine:
    """One engine that holds the world."""

    name: str
    source: Source
    catalogue: Catalogue
    kept: Tables = field(default_factory=lambda: Cache(64))

    def native(self, sql: str) -> list[tuple[Any, ...]]:
        """The engine's own answer to the analyst's statement."""
        query = EnforcedQuery(sql=sql, dialect=self.source.dialect)
        table = self.source.run(query, limits=LIMITS)
        columns = [column.to_pylist() for column in table.columns]
        return list(zip(*columns, strict=True)) if columns else []

    def private(
        self,
        sql: str,
        units: Units,
        *,
        epsilon: str = "1",
        delta: str = "1e-7",
        mechanism: Any = "laplace",
        owed: tuple[Obligation, ...] = (),
    ) -> PrivateQuery:
        """The private form of a statement, over a decision that allows it and asks for `owed` too."""
        statement = parse(sql, self.source.dialect)
        decision = Decision(
            id="",
            outcome="allow",
            subject="s",
            purpose="p",
            facts=extract(statement, self.catalogue),
            obligations=(DifferentialPrivacy(epsilon=epsilon, delta=delta, mechanism=mechanism, rule="r"), *owed),
        )
        return accepted_query(
            statement,
            self.catalogue,
            decision,
            MASKS,
            units=units,
            salt=SALT,
            stray=lambda _: "",
            kept=self.kept,
        )

    def answer(self, query: PrivateQuery, *, noise_of: Draw | None = None) -> list[tuple[Any, ...]]:
        """The answer of the pipeline; without `noise_of` with no noise at all, and every group shown."""
        assert query.first is not None
        planned, statements = query.first
        if noise_of is None:
            planned = replace(planned, tau=None if planned.tau is None else 1)
            planned = replace(planned, epsilons=tuple(Fraction(10**6) for _ in planned.epsilons))
        found = [self.rows(statement) for statement in statements]
        noisy = measured(planned, found, noise_of=noise_of or silence)
        cells, _ = rows_of(planned, noisy)
        return finish(query.accepted.post, cells)

    def rows(self, statement: EnforcedQuery) -> list[tuple[Any, ...]]:
        """What the form gives."""
        table = self.source.run(statement, limits=LIMITS)
        columns = [column.to_pylist() for column in table.columns]
        return list(zip(*columns, strict=True)) if columns else []

    def titles(self, query: PrivateQuery) -> list[str]:
        """The titles of the answer."""
        return names_of(query.accepted.post.columns)


def silence(_noise: object, count: int) -> list[int]:
    """Noise switched off: for tests of rightness only."""
    return [0] * count


def engine_of(name: str, source: Source) -> Engine:
    """An engine over an open source."""
    catalogue = Catalogue(
        source.tables(), dialect=source.dialect, default_schema=source.default_schema, catalog=source.catalog
    )
    return Engine(name, source, catalogue)


@contextmanager
def duckdb_world(folder: Path, rows: dict[str, list[tuple[Any, ...]]]) -> Iterator[Engine]:
    """The world in a DuckDB file."""
    import duckdb

    path = folder / "world.duckdb"
    with closing(duckdb.connect(str(path))) as connection:
        for table, (columns, marks) in TABLES.items():
            connection.execute(f"CREATE TABLE {table} ({columns})")
            if rows[table]:
                # One transaction: DuckDB syncs for each row otherwise.
                connection.begin()
                connection.executemany(f"INSERT INTO {table} VALUES {marks}", rows[table])
                connection.commit()
    source = open_source(f"duckdb:///{path}")
    try:
        yield engine_of("duckdb", source)
    finally:
        source.close()


@contextmanager
def sqlite_world(folder: Path, rows: dict[str, list[tuple[Any, ...]]]) -> Iterator[Engine]:
    """The world in an SQLite file."""
    path = folder / "world.db"
    with closing(sqlite3.connect(path)) as connection:
        for table, (columns, marks) in TABLES.items():
            connection.execute(f"CREATE TABLE {table} ({columns})")
            connection.executemany(f"INSERT INTO {table} VALUES {marks}", rows[table])
        connection.commit()
    source = open_source(f"sqlite:///{path}")
    try:
        yield engine_of("sqlite", source)
    finally:
        source.close()


@contextmanager
def postgres_world(url: str, rows: dict[str, list[tuple[Any, ...]]]) -> Iterator[Engine]:
    """The world in an empty PostgreSQL database."""
    import psycopg

    with psycopg.connect(url) as connection:
        for table, (columns, marks) in TABLES.items():
            connection.execute(f"CREATE TABLE {table} ({columns})")
            with connection.cursor() as cursor:
                cursor.executemany(f"INSERT INTO {table} VALUES {marks.replace('?', '%s')}", rows[table])
    source = open_source(url)
    try:
        yield engine_of("postgres", source)
    finally:
        source.close()


# --- questions --------------------------------------------------------------------------------------------


def questions(count: int, dialect: str, seed: int) -> list[str]:
    """Random statements of the accepted kind; the same seed gives the same ones."""
    chance = random.Random(seed)
    return [_question(chance, dialect) for _ in range(count)]


_SOURCES = (
    ("FROM visit v", ("v",)),
    ("FROM visit AS v JOIN person p ON v.pid = p.pid", ("v", "p")),
    ("FROM person p INNER JOIN visit v ON p.pid = v.pid AND v.amount >= 0", ("v", "p")),
    ("FROM visit v JOIN area a ON v.area = a.code", ("v", "a")),
    ("FROM visit v, person p WHERE v.pid = p.pid", ("v", "p")),
    ("FROM person p LEFT JOIN visit v ON p.pid = v.pid AND v.amount > 100", ("p", "v")),
    ("FROM (SELECT pid, area, amount, score, day, note FROM visit WHERE amount < 300) v", ("v",)),
    ("FROM (SELECT * FROM visit) v JOIN area a ON a.code = v.area", ("v", "a")),
    ("FROM item i JOIN visit v ON i.vid = v.vid", ("v", "i")),
    ("FROM item i", ("i",)),
    (
        (
            "FROM (SELECT pid, area, amount, score, day, note FROM visit WHERE amount > 50 UNION ALL"
            " SELECT pid, area, amount, score, day, note FROM visit WHERE score < 5) v"
        ),
        ("v",),
    ),
    ("FROM (SELECT pid, COUNT(*) AS n, SUM(amount) AS s, MAX(score) AS m FROM visit GROUP BY pid) g", ("g",)),
    (
        (
            "FROM person p LEFT JOIN (SELECT pid, area, amount, score, day, note, 1 AS one FROM visit"
            " WHERE amount < 90) v ON p.pid = v.pid"
        ),
        ("p", "v"),
    ),
    ("FROM (SELECT DISTINCT pid, area FROM visit) d JOIN area a ON a.code = d.area", ("d", "a")),
    ("FROM visit v JOIN visit w ON v.pid = w.pid AND v.area = w.area", ("v",)),
    ("FROM visit v RIGHT JOIN person p ON p.pid = v.pid AND v.amount > 100", ("p", "v")),
)
_WHERE = {
    "v": (
        "v.amount > 20",
        "v.amount BETWEEN 10 AND 200",
        "v.area IN ('north', 'south')",
        "v.note IS NULL",
        "v.note = 'O''Hara'",
        "v.note LIKE 'n%'",
        "NOT v.amount < 5",
        "(v.amount > 300 OR v.score < 3)",
        "v.amount + 10 > 2 * 25",
        "v.score >= 2.5",
        "v.amount % 3 = 1 AND v.amount >= 0",
        "COALESCE(v.amount, 0) > 10",
        "CASE WHEN v.area = 'east' THEN v.amount ELSE 100 END > 60",
        "v.pid IN (SELECT pid FROM person WHERE seg < 3)",
        "v.area IN (SELECT code FROM area WHERE size > 5)",
        "NOT EXISTS (SELECT 1 FROM area b WHERE b.size > 5 AND b.code = v.area)",
        "EXISTS (SELECT 1 FROM person q WHERE q.pid = v.pid AND q.seg < 3)",
        "lower(v.note) <> 'old'",
        "v.day >= '2024-06-01'",
    ),
    "p": ("p.seg > 1", "p.kind = 'a'", "p.born < 1990", "p.kind IN ('b', 'c')"),
    "a": ("a.region = 'r1'", "a.size > 5"),
    "i": ("i.qty > 3", "i.qty * i.price > 1000"),
    "g": ("g.n > 1", "g.s > 100"),
    "d": ("d.area <> 'west'",),
}
_KEYS = {
    "v": (
        "v.area",
        "v.note",
        "CASE WHEN v.amount > 100 THEN 'high' ELSE 'low' END",
        "substr(v.note, 1, 1)",
        "v.amount / 100",
    ),
    "p": ("p.seg", "p.kind", "p.born / 10"),
    "a": ("a.region",),
    "i": ("i.qty",),
    "g": ("g.n",),
    "d": ("d.area",),
}
_NUMBERS = {
    "v": (
        "v.amount",
        "v.score",
        "v.amount + 1",
        "v.amount * 2 - 3",
        "v.score * 2",
        "CASE WHEN v.area = 'north' THEN v.amount ELSE 0 END",
        "COALESCE(v.amount, 0)",
        "ABS(v.amount)",
        "-v.amount",
        "v.amount * v.score",
    ),
    "p": ("p.born", "p.seg", "2020 - p.born"),
    "a": ("a.size",),
    "i": ("i.qty", "i.price", "i.qty * i.price"),
    "g": ("g.n", "g.s", "g.m"),
    "d": ("1",),
}
_COUNTED = {"v": "v.note", "p": "p.kind", "a": "a.region", "i": "i.qty", "g": "g.m", "d": "d.area"}


def _question(chance: random.Random, dialect: str) -> str:
    text, names = chance.choice(_SOURCES)
    where = [chance.choice(_WHERE[name]) for name in names if chance.random() < 0.5]
    joined = f" {'AND' if ' WHERE ' in text and '(' not in text else 'WHERE'} {' AND '.join(where)}" if where else ""
    keys = list(dict.fromkeys(chance.choice(_keys(name, dialect)) for name in names if chance.random() < 0.45))
    aggregates = [_aggregate(chance, chance.choice(names), dialect) for _ in range(chance.randint(1, 3))]
    listed = [f"{key} AS k{number}" for number, key in enumerate(keys)]
    listed += [f"{aggregate} AS a{number}" for number, aggregate in enumerate(aggregates)]
    sql = f"SELECT {', '.join(listed)} {text}{joined}"
    if keys:
        sql += f" GROUP BY {', '.join(keys)}"
        if chance.random() < 0.3:
            sql += f" HAVING COUNT(*) > {chance.randint(1, 5)}"
    if chance.random() < 0.2:
        sql = f"WITH c AS (SELECT 1 AS one FROM area) {sql}"
    return sql


def _keys(name: str, dialect: str) -> tuple[str, ...]:
    if name == "v":
        month = "strftime('%m', v.day)" if dialect == "sqlite" else "EXTRACT(month FROM v.day)"
        return (*_whole(_KEYS[name], dialect), month)
    return _whole(_KEYS[name], dialect)


def _whole(keys: Sequence[str], dialect: str) -> tuple[str, ...]:
    """`/` of whole numbers is a whole number only in some engines; elsewhere it would make a group of each value."""
    return tuple(key for key in keys if "/" not in key or dialect != "duckdb")


def _aggregate(chance: random.Random, name: str, dialect: str) -> str:
    value = chance.choice(_NUMBERS[name])
    forms = [
        "COUNT(*)",
        f"COUNT({_COUNTED[name]})",
        f"COUNT(DISTINCT {_COUNTED[name]})",
        f"SUM({value})",
        f"AVG({value})",
        f"SUM({value}) + COUNT(*)",
        f"AVG({value}) * 2 - 1",
        f"COUNT(*) FILTER (WHERE {_COUNTED[name]} IS NOT NULL)",
        f"SUM(CASE WHEN {_COUNTED[name]} IS NULL THEN 1 ELSE 0 END)",
        f"SUM({value}) / COUNT(*)",
        "CASE WHEN COUNT(*) > 10 THEN 1 ELSE 0 END",
    ]
    if dialect != "sqlite":
        forms += [f"VAR_POP({value})", f"STDDEV({value})", f"VARIANCE({value})"]
    return chance.choice(forms)


def agrees(own: Sequence[tuple[Any, ...]], native: Sequence[tuple[Any, ...]], keys: int) -> str:
    """Empty when the answers are the same; else what differs.

    A SUM over no value is 0 here and NULL there, and a mean over none is undefined here. Declared groups without a row
    stand in the private answer and are none of the engine's.
    """
    mine = {tuple(_plain(cell) for cell in row[:keys]): row[keys:] for row in own}
    for row in native:
        key = tuple(_plain(cell) for cell in row[:keys])
        if key not in mine:
            return f"group {key} is missing"
        for left, right in zip(mine[key], row[keys:], strict=True):
            if right is None:
                continue
            if left is None or not _close(float(left), float(right)):
                return f"{key}: {left if left is None else float(left)} for {right}"
    return ""


def _close(left: float, right: float) -> bool:
    return abs(left - right) <= 1e-6 * max(1.0, abs(left), abs(right))


def _plain(cell: Any) -> Any:
    if isinstance(cell, int | float | Fraction) and not isinstance(cell, bool):
        return round(float(cell), 6)
    if hasattr(cell, "as_tuple"):
        return round(float(cell), 6)
    return cell
