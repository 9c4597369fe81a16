"""The noise of answers through SQL on the real engines: as wide as it says, and inside of its intervals."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from guard.anonymize.dp.sql.answer import measured, rows_of
from tests.anonymize.dp.sql.world import Engine, declared, silence

UNITS = declared(groups=4, rows=3)
DRAWS = 1_500
MIXED = (
    "SELECT area AS k0, COUNT(*) AS a0, SUM(amount) AS a1, COUNT(DISTINCT pid) AS a2, COUNT(DISTINCT note) AS a3"
    " FROM visit GROUP BY area"
)
MEANS = "SELECT AVG(amount) AS a0, AVG(score) AS a1 FROM visit"
PRIVATE = "SELECT note AS k0, COUNT(DISTINCT pid) AS a0 FROM visit GROUP BY note"


def _drawn(engine: Engine, sql: str, mechanism: str, draws: int) -> tuple[list[Any], list[list[Any]]]:
    """The estimates without noise and those of many answers, over one reading of the data."""
    query = engine.private(sql, UNITS, epsilon="8", mechanism=mechanism)
    assert query.first is not None
    planned, statements = query.first
    found = [engine.rows(statement) for statement in statements]
    true = rows_of(planned, measured(planned, found, noise_of=silence))[1]
    return true, [rows_of(planned, measured(planned, found))[1] for _ in range(draws)]


@pytest.mark.parametrize("mechanism", ["laplace", "gaussian"])
@pytest.mark.parametrize("sql", [MIXED, MEANS])
def test_intervals_hold_the_bounded_truth(engine: Engine, sql: str, mechanism: str) -> None:
    """At least 95 % of them, for each aggregate; Hoeffding leaves a chance under 1e-9 that 89 % are not reached.

    No interval is wider than its noise asks for: 2.12 deviations is Laplace's 95 % and more than a Gauss's, an average
    splits its 95 % over two releases, and a whole number is rounded outward once.
    """
    draws = DRAWS // 5 if engine.name != "duckdb" else DRAWS  # the noise is the same on all engines
    true, answers = _drawn(engine, sql, mechanism, draws)
    for place in sorted(true[0]):
        hits = tries = 0
        for answer in answers:
            for row, exact in zip(answer, true, strict=True):
                tries += 1
                hits += abs(row[place].value - exact[place].value) <= row[place].half
                assert row[place].half <= 2.3 * float(row[place].deviation) + 1, place
        assert hits / tries > 0.95 - (20.8 / (2 * tries)) ** 0.5, (place, hits, tries)


def test_gaussian_noise_is_as_wide_as_it_says(engine: Engine) -> None:
    """Variances of 400 answers of four groups against the claim, within 8 standard deviations of a variance."""
    true, answers = _drawn(engine, MIXED, "gaussian", 400)
    for place in sorted(true[0]):
        claim = float(true[0][place].deviation) ** 2
        errors = [
            float(row[place].value - exact[place].value) ** 2
            for answer in answers
            for row, exact in zip(answer, true, strict=True)
        ]
        mean = sum(errors) / len(errors)
        rounding = 0.25 if place != "a1" else 0  # counts are rounded
        assert abs(mean - claim) < 8 * claim * (2 / len(errors)) ** 0.5 + rounding + 0.1 * claim, place


def test_gaussian_answers_without_noise_are_right(engine: Engine) -> None:
    """The same form, whatever the noise is."""
    sql = "SELECT COUNT(*) AS n, SUM(qty) AS s FROM item"
    wide = declared(groups=1, rows=1000)
    gaussian = engine.answer(engine.private(sql, wide, mechanism="gaussian"))
    assert gaussian == engine.answer(engine.private(sql, wide))
    assert gaussian == [tuple(int(each) for each in engine.native(sql)[0])]


def test_private_keys_pass_a_gaussian_threshold(engine: Engine) -> None:
    """Groups of some forty persons stand far above it; what is shown is near the truth."""
    query = engine.private(PRIVATE, UNITS, epsilon="8", delta="1e-6", mechanism="gaussian")
    assert query.first is not None
    planned, statements = query.first
    assert planned.tau is not None
    assert planned.unit_noise is None  # the count of persons is the answer itself
    noisy = measured(planned, [engine.rows(each) for each in statements])
    exact = {row[0]: row[1] for row in engine.answer(query)}
    assert planned.tau < min(exact.values())
    assert {key[0] for key in noisy.sums} == set(exact)
    spread = planned.noise[0][0].deviation()
    # Ten standard deviations: a chance under 1e-20 for each.
    assert all(abs(sums[0][0] - exact[key[0]]) <= 10 * spread + 1 for key, sums in noisy.sums.items())
    assert query.cost().mu_squared is not None
    assert query.cost().delta == Fraction(1, 10**6)
