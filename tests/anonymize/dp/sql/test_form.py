"""What one person may contribute is bounded exactly, and no value of a row can make the form fail."""

from __future__ import annotations

import collections
from fractions import Fraction
from pathlib import Path

import pytest

from guard.anonymize.dp.sql.answer import Rule, measured, plan
from guard.anonymize.dp.sql.bounding import search
from tests.anonymize.dp.sql.world import declared, duckdb_world, rows_of_world, silence, sqlite_world

ROWS = rows_of_world(5, 60)
WORLDS = {"duckdb": duckdb_world, "sqlite": sqlite_world}


@pytest.mark.parametrize("engine", WORLDS)
@pytest.mark.parametrize("groups", [1, 2, 3])
@pytest.mark.parametrize("key", ["area", "substr(area, 1, 2)"])
def test_a_person_counts_in_so_many_groups(tmp_path: Path, engine: str, groups: int, key: str) -> None:
    """Declared keys go by bits on DuckDB, others by rank: both keep min(groups, own groups) of each person."""
    sql = f"SELECT {key} AS k, COUNT(DISTINCT pid) AS n FROM visit GROUP BY {key}"
    with WORLDS[engine](tmp_path, ROWS) as world:
        answer = world.answer(world.private(sql, declared(groups=groups, rows=1)))
    areas: dict[int, set[str]] = collections.defaultdict(set)
    for row in ROWS["visit"]:
        areas[row[1]].add(row[2])
    assert sum(int(str(row[1])) for row in answer) == sum(min(groups, len(own)) for own in areas.values())


@pytest.mark.parametrize("engine", WORLDS)
def test_a_person_counts_with_so_many_rows(tmp_path: Path, engine: str) -> None:
    """More rows than allowed count as the mean of them, so the sum moves by the range at most."""
    rows = {**ROWS, "visit": [(n, 1, "north", 300, 1.0, "2024-01-01", None) for n in range(7)]}
    with WORLDS[engine](tmp_path, rows) as world:
        query = world.private("SELECT COUNT(*) AS n, SUM(amount) AS s FROM visit", declared(groups=4, rows=2))
        ((count, total),) = world.answer(query)
    assert (count, total) == (2, 600)


HOSTILE = [None, float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 0.005]


def test_hostile_values_neither_fail_nor_move_a_sum_too_far(tmp_path: Path) -> None:
    """NULL and NaN are no values; infinities stop at the declared ends."""
    rows = {**ROWS, "visit": [(n, n, "north", None, value, None, None) for n, value in enumerate(HOSTILE)]}
    with duckdb_world(tmp_path, rows) as world:
        query = world.private(
            "SELECT COUNT(*) AS n, COUNT(score) AS c, SUM(score) AS s, SUM(score * score) AS q FROM visit",
            declared(groups=1, rows=1),
        )
        ((rows_, count, total, squares),) = world.answer(query)
    assert (rows_, count) == (7, 6)  # NaN is counted, as the engine does, and not added
    assert total == pytest.approx(20.0, abs=0.011)
    assert squares == pytest.approx(200.0, abs=0.011)


def test_bounds_are_chosen_from_noisy_counts(tmp_path: Path) -> None:
    """With exact counts the engine sees that most persons visit several areas, and charges for the look."""
    with duckdb_world(tmp_path, rows_of_world(5, 400)) as world:
        sql = "SELECT area, COUNT(*) AS n FROM visit GROUP BY area"
        query = world.private(sql, declared(groups="auto", rows=1))
        assert query.search is not None
        assert query.looked is not None
        chosen = query.search.chosen(world.rows(query.looked), noise_of=silence)
        planned, statements = query.built(chosen)
        noisy = measured(planned, [world.rows(each) for each in statements], noise_of=silence)
    assert chosen.groups in (3, 4)
    assert len(noisy.sums) == 4
    assert query.cost().epsilon == Fraction(1)


def test_the_charge_does_not_depend_on_the_data(tmp_path: Path) -> None:
    """Cost and statement are known before the first row is read, and equal on neighbours."""
    units = declared(groups="auto", rows=1)
    sql = "SELECT area, COUNT(*) AS n, AVG(score) AS s FROM visit GROUP BY area"
    costs = []
    for name, rows in (("one", ROWS), ("two", rows_of_world(9, 3))):
        folder = tmp_path / name
        folder.mkdir()
        with duckdb_world(folder, rows) as world:
            query = world.private(sql, units)
            costs.append(query.cost())
            found = search(query.accepted, Rule(Fraction(1), Fraction(0)), salt=1)
            assert found.cost == query.cost()
            assert plan(query.accepted, (), query.rule, groups=1, rows=1).cost.epsilon == Fraction(1)
    assert costs[0] == costs[1]
