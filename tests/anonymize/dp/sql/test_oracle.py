"""With the noise switched off, the private pipeline gives what the engine itself gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guard.anonymize.dp.sql.refusal import Refusal
from tests.anonymize.dp.sql.world import (
    WIDE,
    Engine,
    agrees,
    declared,
    duckdb_world,
    questions,
    rows_of_world,
)

QUESTIONS = 40


def test_an_acceptance_is_right(engine: Engine) -> None:
    """Random statements of the accepted kind: each answer is the engine's own, or there is a refusal."""
    units = declared(**WIDE)
    wrong, answered = [], 0
    for sql in questions(QUESTIONS, engine.source.dialect, 11):
        try:
            query = engine.private(sql, units)
        except Refusal:
            continue
        answered += 1
        differs = agrees(engine.answer(query), engine.native(sql), len(re.findall(r" AS k\d", sql)))
        if differs:
            wrong.append((sql, differs))
    assert wrong == []
    assert answered > QUESTIONS * 3 // 4


MEDIANS = [
    ("SELECT MEDIAN(amount) AS m FROM visit", "quantile_disc(amount, 0.5)"),
    ("SELECT MIN(born) AS m FROM person", "min(born)"),
    ("SELECT MAX(born) AS m FROM person WHERE seg > 1", "max(born)"),
    ("SELECT PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY amount) AS m FROM visit", "quantile_disc(amount, 0.25)"),
]


@pytest.mark.parametrize(("sql", "native"), MEDIANS)
def test_quantiles_are_at_their_rank(tmp_path: Path, sql: str, native: str) -> None:
    """With no noise a quantile is a value of that rank; between two middle values either is right."""
    with duckdb_world(tmp_path, rows_of_world(3, 120)) as engine:
        ((own,),) = engine.answer(engine.private(sql, declared(**WIDE)))
        _, _, rest = sql.partition(" FROM ")
        ((exact,),) = engine.native(f"SELECT {native} FROM {rest}")
        below = engine.native(f"SELECT count(*) FROM ({sql.replace('AS m', 'AS q').split(' AS q')[0]} FROM {rest})")
    assert below
    assert abs(int(own) - int(exact)) <= 3


def test_a_wrong_form_is_seen(tmp_path: Path) -> None:
    """The oracle sees a clamp that is off, so its silence means something."""
    with duckdb_world(tmp_path, rows_of_world(3, 120)) as engine:
        sql = "SELECT seg AS k0, COUNT(*) AS a0 FROM person GROUP BY seg"
        query = engine.private(sql, declared(groups=200, rows=1))
        right = agrees(engine.answer(query), engine.native(sql), 1)
        visits = "SELECT area AS k0, COUNT(*) AS a0 FROM visit GROUP BY area"
        narrow = engine.private(visits, declared(groups=1, rows=1))
        wrong = agrees(engine.answer(narrow), engine.native(visits), 1)
    assert right == ""
    assert wrong != ""
