"""Lineage held against what engines do: change one input column, run again, see which outputs changed (goal L5).

A query is generated over three small tables and run on DuckDB or SQLite. For each column of the tables in it there are
twin databases in which that column alone has other values. `missed` counts (query, output, column) where the answer
differs and the lineage has no edge from the column to that output or to all outputs. Answers are compared column by
column: as sequences where an ORDER BY over every output defines the order, else as bags.

`spurious_direct_share` is the share of DIRECT edges for which none of the twins changed the output. An edge is counted
only where the output had a value in some twin: of an output that is always empty or NULL nothing can be said.
Queries are of none to three levels, in equal parts; one whose joins multiply beyond `MAX_ROWS` is left out.
A generated query may hold a constant in disguise (`CASE` whose branch is never taken, `x % 5` of what is below 5), so
that a few edges stay unseen although they are right; they count as spurious here.
"""

from __future__ import annotations

import functools
import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from bench.result import Result
from guard.lineage import extract
from tests.sql.generated import TABLES, Generator, Made

QUERIES = {"sqlite": 18_500, "duckdb": 2_000}
ROWS = (8, 14, 10)
# What the cells of a base are: few, so that joins meet; on both sides of what is compared with; of several lengths.
CELLS = (
    (-12, -3, 0, 1, 2, 3, 4, 5, 7, 9, 11, 104),
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (-1, 0, 1, 2, 10),
    (1, 2, 5, 13, -2, -31),
)
BASES = 60  # databases; each has a twin for every column
ALWAYS = 2  # of them tried for every column; the others only for DIRECT edges whose effect was not seen yet
MAX_ROWS = 20_000  # of an answer
MAX_STEPS = 300  # of 10,000 instructions of SQLite's machine, for one answer
_NOT_IN_SQLITE = ("SEMI JOIN", "ANTI JOIN", "LATERAL")
Column = tuple[str, str]
COLUMNS: list[Column] = [(table, column) for table, columns in TABLES.items() for column in columns]


class Wider(Generator):
    """More kinds of values, and answers in a defined order."""

    def query(self, depth: int = 3) -> Made:
        """As the generator's, sometimes sorted by all of its columns from some column on."""
        made = super().query(depth)
        if self.random.random() > 0.2:
            return made
        places = list(range(1, len(made.columns) + 1))
        self.random.shuffle(places)
        limit = f" LIMIT {self.random.randint(1, 6)}" if self.random.random() < 0.4 else ""
        order = ", ".join(f"{place} {self.random.choice(('ASC', 'DESC'))}" for place in places)
        return Made(f"SELECT * FROM ({made.sql}) AS {self._name()} ORDER BY {order}{limit}", made.columns, made.tables)

    def _value(self, columns: list[str], depth: int, tables: set[str]) -> str:
        if self.random.random() < 0.6:
            return super()._value(columns, depth, tables)
        one, two, three = (self.random.choice(columns) for _ in range(3))
        number = self.random.randint(0, 9)
        return self.random.choice(
            (
                f"abs({one} - {two})",
                f"nullif({one}, {number})",
                f"CASE {one} WHEN {number} THEN {two} ELSE {three} END",
                f"CASE WHEN {one} IS NULL THEN {two} END",
                f"CAST({one} BETWEEN {two} AND {number} AS INTEGER)",
                f"CAST({one} IN ({number}, {two}) AS INTEGER)",
                f"rank() OVER (PARTITION BY {one} ORDER BY {two})",
                f"dense_rank() OVER (ORDER BY {one})",
                f"max({one}) OVER (PARTITION BY {two})",
                f"count({one}) FILTER (WHERE {two} > {number}) OVER (ORDER BY {three})",
                f"length(CAST({one} AS VARCHAR) || '{number}')",
                f"length(substr(CAST({one} AS VARCHAR), 2))",
                f"CAST({one} > {two} AND {three} < {number} AS INTEGER)",
                f"-{one}",
            )
        )


class Seen(NamedTuple):
    """What one query showed."""

    missed: list[tuple[int, Column]]
    direct: int
    spurious: int
    gaps: tuple[str, ...]


class TooLargeError(Exception):
    """An answer that is larger, or takes longer, than the benchmark wants to wait for."""


Run = Callable[[int, Column | None, str], list[tuple[Any, ...]]]


def run() -> Result:
    """Runs `QUERIES`; prints each miss with its query."""
    missed = direct = spurious = queries = refused = ordered = left_out = 0
    dialects: dict[str, object] = {}
    for dialect, wanted in QUERIES.items():
        execute = _engine(dialect)
        done = 0
        seed = 0
        while done < wanted:
            seed += 1
            made = Wider(seed).query(seed % 4)
            if dialect == "sqlite" and any(word in made.sql for word in _NOT_IN_SQLITE):
                continue
            try:
                seen = check(made, dialect, execute)
            except TooLargeError:
                left_out += 1
                continue
            done += 1
            ordered += _in_order(made)
            refused += bool(seen.gaps)
            direct += seen.direct
            spurious += seen.spurious
            missed += len(seen.missed)
            if seen.missed:
                print(f"missed {seen.missed} in {dialect} seed {seed}: {made.sql}")
        dialects[dialect] = done
        queries += done
    figures = {
        "missed": float(missed),
        "queries": float(queries),
        "spurious_direct_share": round(spurious / direct, 4),
        "with_gaps": float(refused),
    }
    return Result(figures, {**dialects, "direct_edges": direct, "compared_in_order": ordered, "left_out": left_out})


def check(made: Made, dialect: str, execute: Run) -> Seen:
    """Compares the lineage of one query with what the twins answer."""
    lineage = extract(made.sql, dialect, {table: list(columns) for table, columns in TABLES.items()})
    everywhere = {(edge.source.dataset.name, edge.source.path) for edge in lineage.edges if edge.target.path == "*"}
    reach: list[set[Column]] = []
    unseen: set[tuple[int, Column]] = set()
    for place, output in enumerate(lineage.outputs):
        own = {(edge.source.dataset.name, edge.source.path): edge.type == "DIRECT" for edge in reversed(output.edges)}
        reach.append(everywhere | set(own))
        unseen |= {(place, column) for column, is_direct in own.items() if is_direct}
    direct = set(unseen)
    fold: Callable[[Any], Any] = list if _in_order(made) else Counter
    missed: list[tuple[int, Column]] = []
    alive: set[int] = set()
    columns = [column for column in COLUMNS if column[0] in made.tables]
    for base in range(BASES):
        if base >= ALWAYS:
            columns = sorted({column for _, column in unseen})
            if not columns:
                break
        before = _answer(execute(base, None, made.sql), len(reach), fold)
        alive |= {place for place, cells in enumerate(before) if any(cell is not None for cell in cells)}
        for column in columns:
            after = _answer(execute(base, column, made.sql), len(reach), fold)
            for place in range(len(reach)):
                if before[place] != after[place]:
                    unseen.discard((place, column))
                    if column not in reach[place]:
                        missed.append((place, column))
    counted = [edge for edge in direct if edge[0] in alive]
    return Seen(missed, len(counted), sum(edge in unseen for edge in counted), tuple(g.code for g in lineage.gaps))


def _answer(rows: list[tuple[Any, ...]], width: int, fold: Callable[[Any], Any]) -> list[Any]:
    return [fold(row[place] for row in rows) for place in range(width)]


def _in_order(made: Made) -> bool:
    """True when the outermost query sorts by all of its columns, so that equal rows alone may change places."""
    tail = made.sql.rpartition(")")[2]
    return "ORDER BY" in tail and tail.count(",") == len(made.columns) - 1


def _engine(dialect: str) -> Run:
    """Runs SQL on a base, or on its twin in which one column has other values; they are made when first asked."""
    if dialect == "sqlite":

        @functools.cache
        def file(base: int, twin: Column | None) -> sqlite3.Connection:
            connection = sqlite3.connect(":memory:", cached_statements=0)  # there are hundreds of them
            _fill(connection, _data(base, twin))
            return connection

        def ask(base: int, twin: Column | None, sql: str) -> list[tuple[Any, ...]]:
            connection = file(base, twin)
            steps = iter(range(MAX_STEPS))
            connection.set_progress_handler(lambda: next(steps, None) is None, 10_000)
            try:
                return _bounded(connection.execute(sql))
            except sqlite3.OperationalError as error:
                if "interrupted" in str(error):
                    raise TooLargeError from None
                raise

        return ask
    import duckdb

    connection = duckdb.connect(config={"threads": 1, "memory_limit": "2GB"})
    schemas: dict[tuple[int, Column | None], str] = {}

    def execute(base: int, twin: Column | None, sql: str) -> list[tuple[Any, ...]]:
        schema = schemas.get((base, twin))
        if schema is None:
            schema = schemas[base, twin] = f"world_{len(schemas)}"
            connection.execute(f"CREATE SCHEMA {schema}; USE {schema}")
            _fill(connection, _data(base, twin))
        connection.execute(f"USE {schema}")
        return _bounded(connection.execute(sql))

    return execute


def _bounded(cursor: Any) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = cursor.fetchmany(MAX_ROWS + 1)
    if len(rows) > MAX_ROWS:
        raise TooLargeError
    return rows


def _data(base: int, twin: Column | None) -> dict[str, list[list[int | None]]]:
    dice, other = random.Random(base), random.Random(f"{base} {twin}")
    data: dict[str, list[list[int | None]]] = {}
    for table, columns in TABLES.items():
        rows = [[_cell(dice, base) for _ in columns] for _ in range(ROWS[base % len(ROWS)])]
        if twin is not None and twin[0] == table:
            for row in rows:
                row[columns.index(twin[1])] = _cell(other, base)
        data[table] = rows
    return data


def _cell(dice: random.Random, base: int) -> int | None:
    return dice.choice(CELLS[base % len(CELLS)]) if dice.random() > 0.1 else None


def _fill(connection: Any, data: dict[str, list[list[int | None]]]) -> None:
    for table, rows in data.items():
        cells = ", ".join(f"({', '.join('NULL' if cell is None else str(cell) for cell in row)})" for row in rows)
        connection.execute(f"CREATE TABLE {table} ({', '.join(f'{column} INTEGER' for column in TABLES[table])})")
        connection.execute(f"INSERT INTO {table} VALUES {cells}")
