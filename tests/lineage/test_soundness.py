"""Lineage held against what SQLite does: the benchmark of soundness, in small, and its own test."""

from __future__ import annotations

import pytest

from bench.lineage_soundness import Seen, Wider, _engine, check
from guard.sql.queries import Queries
from tests.sql.generated import Made

NOT_IN_SQLITE = ("SEMI JOIN", "ANTI JOIN", "LATERAL")
RUN = _engine("sqlite")


def seen(number: int) -> list[Seen]:
    """What the first queries show."""
    made = [Wider(seed).query(seed % 3) for seed in range(1, number)]
    return [check(one, "sqlite", RUN) for one in made if not any(word in one.sql for word in NOT_IN_SQLITE)]


def test_no_dependency_is_missed() -> None:
    """Where an answer changes with a column, an edge leads there; few DIRECT edges lead where nothing changes."""
    found = seen(250)
    assert [one.missed for one in found if one.missed] == []
    assert sum(one.spurious for one in found) <= 0.04 * sum(one.direct for one in found)


def test_the_order_of_an_answer_counts() -> None:
    """Columns that only sort are noticed where the outermost ORDER BY names every output."""
    made = Made("SELECT id, age FROM people ORDER BY 2 ASC, 1 ASC", ["id", "age"], {"people"})
    assert check(made, "sqlite", RUN) == Seen([], 2, 0, ())


def test_a_seeded_fault_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If ORDER BY and LIMIT were not followed, answers would change without an edge."""
    monkeypatch.setattr(Queries, "_order_and_limit", lambda *_: None)
    assert any(one.missed for one in seen(120))
