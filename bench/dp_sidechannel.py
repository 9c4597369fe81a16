"""What an answer could tell beside its numbers: failures that depend on data, and time that depends on noise.

1,000 random expressions, most of them made to overflow, divide by zero or fail in a cast, run on neighbouring tables
with hostile values. Acceptance may refuse them; what it accepts must neither fail on one table and not on the other,
nor give other types or groups. Then one question is answered again and again on the time grid, and the time of each
answer is held against the size of its noise.
"""

from __future__ import annotations

import random
import statistics
import time
from typing import Any

from bench.result import Result
from guard.anonymize.dp.sql.accept import accept
from guard.anonymize.dp.sql.answer import Rule, measured, plan, rows_of
from guard.anonymize.dp.sql.form import forms
from guard.anonymize.dp.sql.marks import unmarked
from guard.anonymize.dp.sql.metadata import tables_of
from guard.anonymize.dp.sql.post import finish
from guard.anonymize.dp.sql.refusal import Refusal
from guard.engine.dp_answer import on_grid
from guard.errors import GuardError
from guard.model import Column, Dataset, Table, TableName
from guard.sql.catalogue import Catalogue
from guard.sql.parse import parse

COLUMNS = {"u": "INTEGER", "i": "INTEGER", "b": "BIGINT", "f": "DOUBLE", "t": "VARCHAR", "d": "DATE"}
HOSTILE = (
    "(9, 2147483647, 9223372036854775807, 1e308, 'x', DATE '9999-12-31'),"
    "(9, -2147483648, -9223372036854775808, 'NaN', '0', DATE '0001-01-01'),"
    "(9, 0, 0, 'Infinity', '', DATE '5000000-01-01'),"
    "(9, NULL, NULL, '-Infinity', NULL, NULL)"
)
FIRM = "(1, 5, 50, 2.5, 'a', DATE '2024-02-29'), (2, 7, 70, 3.25, 'b', DATE '2023-12-31')"
GRID = 0.1  # seconds, as `dp.grid_ms` is by default


def run(expressions: int = 1000, answers: int = 400) -> Result:
    """`data_dependent_failures` and `latency_noise_correlation`."""
    import duckdb

    connections = []
    for rows in (FIRM, f"{FIRM}, {HOSTILE}"):
        connection = duckdb.connect()
        connection.execute(f"CREATE TABLE t ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})")
        connection.execute(f"INSERT INTO t VALUES {rows}")
        connections.append(connection)
    columns = {
        "i": {"low": -1000, "high": 1000},
        "b": {"low": -(10**9), "high": 10**9},
        "f": {"low": -100, "high": 100, "step": "0.01"},
    }
    units = tables_of({"t": {"unit": "u", "groups": 5, "rows": 4, "columns": columns}})
    table = Table(TableName("t", "main"), Dataset("b", "t"), tuple(Column(*each) for each in COLUMNS.items()))
    catalogue = Catalogue([table], dialect="duckdb", default_schema="main", catalog="memory")
    chance = random.Random(3)
    failures = accepted_count = native_failures = 0
    for _ in range(expressions):
        sql = _statement(chance)
        outcomes = [_outcome(connection, sql, catalogue, units) for connection in connections]
        accepted_count += outcomes[0] != "refused"
        failures += outcomes[0] != outcomes[1]
        native_failures += _native(connections[0], sql) != _native(connections[1], sql)
    return Result(
        {
            "data_dependent_failures": failures,
            "latency_noise_correlation": _correlation(connections[0], catalogue, units, answers),
        },
        {
            "expressions": expressions,
            "accepted": accepted_count,
            "native_data_dependent_failures": native_failures,
            "timed_answers": answers,
            "grid_s": GRID,
        },
    )


def _outcome(connection: Any, sql: str, catalogue: Catalogue, units: Any) -> str:
    """Everything about the answer that is not a noisy number."""
    import duckdb

    try:
        accepted = accept(parse(sql, "duckdb"), catalogue, units)
        made = forms(accepted, groups=5, rows=4, salt=3)
    except Refusal:
        return "refused"
    except GuardError as error:
        return f"error {error.code}"
    try:
        found = [connection.execute(unmarked(form.sql)).fetchall() for form in made]
    except duckdb.Error as error:
        return f"failed {type(error).__name__}"
    planned = plan(accepted, made, Rule(_one(), _small()), groups=5, rows=4)
    cells, _ = rows_of(planned, measured(planned, found, noise_of=lambda _noise, count: [0] * count))
    if accepted.combinations is None:
        return "answered"  # which private groups there are is noisy in itself
    return f"answered {len(finish(accepted.post, cells))}"


def _one() -> Any:
    from fractions import Fraction

    return Fraction(1)


def _small() -> Any:
    from fractions import Fraction

    return Fraction(1, 10**6)


def _native(connection: Any, sql: str) -> str:
    import duckdb

    try:
        connection.execute(sql).fetchall()
    except duckdb.Error as error:
        return type(error).__name__
    return "answered"


def _statement(chance: random.Random) -> str:
    aggregate = chance.choice(("SUM", "AVG", "COUNT", "MIN", "VAR_POP"))
    where = f" WHERE {_condition(chance, 2)}" if chance.random() < 0.6 else ""
    key = chance.choice(("", "i % 3", f"CASE WHEN {_condition(chance, 1)} THEN 1 ELSE 2 END", "EXTRACT(month FROM d)"))
    listed = f"{key} AS k, " if key else ""
    group = " GROUP BY 1" if key else ""
    return f"SELECT {listed}{aggregate}({_number(chance, 3)}) AS a FROM t{where}{group}"


def _number(chance: random.Random, depth: int) -> str:
    if depth == 0 or chance.random() < 0.25:
        return chance.choice(("i", "b", "f", "7", "0.5", "100000", "-3", "length(t)", "EXTRACT(year FROM d)"))
    left, right = _number(chance, depth - 1), _number(chance, depth - 1)
    return chance.choice(
        (
            f"({left} + {right})",
            f"({left} - {right})",
            f"({left} * {right})",
            f"({left} / {right})",
            f"({left} % 7)",
            f"ABS({left})",
            f"(- {left})",
            f"COALESCE({left}, {right})",
            f"CASE WHEN {_condition(chance, depth - 1)} THEN {left} ELSE {right} END",
            f"GREATEST({left}, {right})",
            f"CAST({left} AS INTEGER)",
            "CAST(t AS INTEGER)",
            "TRY_CAST(t AS INTEGER)",
            f"SQRT({left})",
            f"NULLIF({left}, 0)",
            f"{left} / 4",
        )
    )


def _condition(chance: random.Random, depth: int) -> str:
    left = _number(chance, max(0, depth - 1))
    return chance.choice(
        (
            f"{left} > {chance.randint(-5, 90)}",
            f"{left} BETWEEN 1 AND 10",
            "t = 'a'",
            "t = 5",
            "t LIKE '%x%'",
            "d > '2024-01-01'",
            "d + INTERVAL 1 YEAR > DATE '2024-01-01'",
            "CAST(t AS DATE) > DATE '2024-01-01'",
            f"1 / ({left}) > 0",
            f"NOT {left} = 3",
            "f IS NULL",
            f"({left} < 3 OR i > 2)",
        )
    )


def _correlation(connection: Any, catalogue: Catalogue, units: Any, answers: int) -> float:
    """Of the time of an answer with the size of its noise."""
    accepted = accept(parse("SELECT SUM(b) AS s FROM t", "duckdb"), catalogue, units)
    made = forms(accepted, groups=1, rows=4, salt=3)
    planned = plan(accepted, made, Rule(_one(), _small()), groups=1, rows=4)
    found = [connection.execute(unmarked(form.sql)).fetchall() for form in made]
    silent = measured(planned, found, noise_of=lambda _noise, count: [0] * count).sums[()][0]
    times, sizes = [], []
    for _ in range(answers):
        began = time.perf_counter()
        with on_grid(GRID):
            noisy = measured(planned, found).sums[()][0]
        times.append(round((time.perf_counter() - began) / GRID))  # the grid is what an asker sees
        sizes.append(sum(abs(a - b) for a, b in zip(noisy, silent, strict=True)))
    if len(set(times)) == 1:
        return 0.0
    return abs(statistics.correlation(times, sizes))
