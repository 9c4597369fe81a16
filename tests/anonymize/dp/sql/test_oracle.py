"""With the noise switched off, the private pipeline gives what the engine itself gives."""

from __future__ import annotations

import collections
import re
import statistics
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


QUANTILES = [
    ("MEDIAN(born)", 0.5),
    ("MIN(born)", 0.0),
    ("MAX(born)", 1.0),
    ("PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY born)", 0.25),
    ("PERCENTILE_DISC(0.9) WITHIN GROUP (ORDER BY born)", 0.9),
]


@pytest.mark.parametrize(("aggregate", "share"), QUANTILES)
def test_quantiles_are_at_their_rank(engine: Engine, aggregate: str, share: float) -> None:
    """With hardly any noise a quantile is a value of that rank, also where the engine has no such function."""
    query = engine.private(f"SELECT seg, {aggregate} AS m FROM person GROUP BY seg", declared(**WIDE))
    born = collections.defaultdict(list)
    for row in rows_of_world(3, 120)["person"]:
        born[row[1]].append(row[2])
    for seg, value in engine.answer(query):
        values = sorted(born[int(seg)])
        # The ends are asked as the quantiles next to them; a group has about twenty persons.
        below, upto = (sum(each < value for each in values), sum(each <= value for each in values))
        assert below - 1 <= share * len(values) <= upto + 1, (seg, value)


OWN_BOUNDS = [
    ("LEAST(GREATEST(vid, 10), 60)", "MIN(MAX(vid, 10), 60)"),
    ("GREATEST(LEAST(vid, 60), 10)", "MAX(MIN(vid, 60), 10)"),
]


@pytest.mark.parametrize(("value", "in_sqlite"), OWN_BOUNDS)
def test_an_analyst_may_bring_bounds(engine: Engine, value: str, in_sqlite: str) -> None:
    """A column without declared bounds is clamped by the question itself, to what the engine computes."""
    value = in_sqlite if engine.name == "sqlite" else value
    sql = f"SELECT SUM({value}) AS a0, AVG({value}) AS a1 FROM visit"
    query = engine.private(sql, declared(**WIDE))
    assert agrees(engine.answer(query), engine.native(sql), 0) == ""
    assert [(each.low, each.high) for each in query.accepted.measures] == [(0, 60)]


SPREADS = ["VARIANCE", "VAR_POP", "VAR_SAMP", "STDDEV", "STDDEV_POP", "STDDEV_SAMP"]


@pytest.mark.parametrize("function", SPREADS)
def test_spreads_are_those_of_the_rows(engine: Engine, function: str) -> None:
    """Against the textbook's formula, also in SQLite, which has no such function."""
    ((own,),) = engine.answer(engine.private(f"SELECT {function}(born) AS v FROM person", declared(**WIDE)))
    born = [row[2] for row in rows_of_world(3, 120)["person"]]
    exact = statistics.pvariance(born) if function.endswith("_POP") else statistics.variance(born)
    assert float(own) == pytest.approx(exact**0.5 if function.startswith("STDDEV") else exact, rel=1e-9)


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
