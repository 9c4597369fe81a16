"""Wrong answers of the private pipeline with the noise switched off, against the engines' own answers.

Random statements of the accepted kind run twice on DuckDB, PostgreSQL and SQLite: as written, and through acceptance,
form, enforcement and post-processing with no noise and wide bounds. A refusal is no wrong answer, and is counted.
"""

from __future__ import annotations

import collections
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from bench.result import Result
from guard.anonymize.dp.sql.metadata import Units
from guard.anonymize.dp.sql.refusal import Refusal
from guard.errors import GuardError
from tests.anonymize.dp.sql.world import (
    WIDE,
    Engine,
    agrees,
    declared,
    duckdb_world,
    postgres_world,
    questions,
    rows_of_world,
    sqlite_world,
)
from tests.servers.postgres import find_binaries, postgres_server

SEED = 7


def run(count: int = 500, persons: int = 300) -> Result:
    """`wrong_answers` over all engines; the context says how many were compared and refused."""
    rows = rows_of_world(SEED, persons)
    outcomes: dict[str, dict[str, int]] = {}
    with ExitStack() as stack:
        for engine in _engines(stack, rows):
            outcomes[engine.name] = dict(_outcomes(engine, count))
    wrong = sum(each.get("wrong", 0) for each in outcomes.values())
    return Result({"wrong_answers": wrong}, {"queries": count, "outcomes": outcomes})


def _engines(stack: ExitStack, rows: dict[str, list[tuple[object, ...]]]) -> Iterator[Engine]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    yield stack.enter_context(duckdb_world(folder, rows))
    yield stack.enter_context(sqlite_world(folder, rows))
    binaries = find_binaries()
    if binaries is not None:
        server = stack.enter_context(postgres_server(binaries))
        yield stack.enter_context(postgres_world(server.create_database(), rows))


def _outcomes(engine: Engine, count: int) -> collections.Counter[str]:
    units = declared(**WIDE)
    found: collections.Counter[str] = collections.Counter()
    for sql in questions(count, engine.source.dialect, SEED):
        found[_outcome(engine, sql, units)] += 1
    return found


def _outcome(engine: Engine, sql: str, units: Units) -> str:
    try:
        query = engine.private(sql, units)
    except Refusal as refusal:
        return f"refused {refusal.reason}"
    try:
        own = engine.answer(query)
    except GuardError:
        return "wrong"  # an accepted statement that the engine then refuses
    keys = len(re.findall(r" AS k\d", sql))
    return "wrong" if agrees(own, engine.native(sql), keys) else "right"
