"""Generated pairs in small: twin databases of invented schemas look the same, and a seeded fault makes them differ."""

from __future__ import annotations

import pytest

from bench.enforcement.engines import Duck, Lite, Maria, Side
from bench.enforcement.world import World
from bench.noninterference import FAULTS, SEED, queries, search, unproved

KINDS: dict[str, type[Duck | Lite]] = {"duckdb": Duck, "sqlite": Lite}


ENGINES = [*sorted(KINDS), pytest.param("mysql", marks=pytest.mark.mariadb)]
FAULTY = [
    pytest.param(engine, fault, marks=[pytest.mark.mariadb] if engine == "mysql" else [])
    for fault, (dialects, _) in FAULTS.items()
    for engine in ("duckdb", "sqlite", "mysql")
    if engine in dialects
]


@pytest.fixture(params=ENGINES)
def sides(request: pytest.FixtureRequest) -> tuple[str, list[Side]]:
    if request.param == "mysql":
        server = request.getfixturevalue("mariadb")
        return request.param, [Maria(server), Maria(server)]
    return request.param, [KINDS[request.param](), KINDS[request.param]()]


def test_generated_pairs_do_not_differ(sides: tuple[str, list[Side]]) -> None:
    """Nothing observable differs between two databases that differ only in what is hidden."""
    counts = search(*sides, 120)
    assert (counts["pairs"], counts["differences"]) == (120, 0)
    assert counts["with_rows"] > 25  # empty answers would prove nothing


@pytest.mark.parametrize(("sides", "fault"), FAULTY, indirect=["sides"])
def test_a_seeded_fault_in_the_rewriter_is_found(sides: tuple[str, list[Side]], fault: str) -> None:
    """With the proof switched off, the search by itself sees each fault."""
    with FAULTS[fault][1](), unproved():
        assert search(*sides, 250, stop=True, quiet=True)["differences"] == 1


def test_a_world_is_its_seed() -> None:
    """The same seed makes the same schema, policy, rows and queries, so that a printed seed is a reproduction."""
    one, other = World("duckdb", SEED), World("duckdb", SEED)
    assert (one.script(), one.rows("left"), one.rows("right")) == (
        other.script(),
        other.rows("left"),
        other.rows("right"),
    )
    assert list(queries(one, SEED)) == list(queries(other, SEED))
