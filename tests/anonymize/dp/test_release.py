"""Thresholds, quantiles, intervals and bounds keep what they promise."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import pytest

from guard.anonymize.dp import bounds, chance, quantile, real, threshold
from guard.anonymize.dp.mechanism import Gaussian, Laplace
from guard.errors import UsageError
from tests.anonymize.dp import fit

DRAWS = 60_000


@pytest.mark.parametrize("parameter", [Fraction(1, 4), Fraction(2), Fraction(50)])
def test_tails_are_upper_bounds_and_close(parameter):
    """Against sums of the mass functions; a Laplace tail is exact, a Gaussian one within a factor far out."""
    for m in (1, 2, 5, 17):
        mass = fit.laplace_mass(float(parameter))
        known = math.fsum(mass(x) for x in range(m, m + int(60 * parameter) + 60))
        assert float(threshold.laplace_tail(parameter, m)) == pytest.approx(known, rel=1e-9)
        mass = fit.gaussian_mass(float(parameter))
        known = math.fsum(mass(x) for x in range(m, m + int(12 * math.sqrt(parameter)) + 12))
        bound = float(threshold.gaussian_tail(parameter, m))
        assert known * (1 - 1e-9) <= bound
        assert m * m < parameter or bound <= known * 1.2


@pytest.mark.parametrize(
    "mechanism", [Laplace(2, Fraction(1)), Gaussian(2, Fraction(1, 4)), Gaussian(2, Fraction(1, 4), 0)]
)
def test_single_units_almost_never_pass_the_threshold(mechanism):
    """At delta 1/100 at most that share of single-unit groups survives, and one step lower more do."""
    tau = mechanism.key_threshold(Fraction(1, 100), groups=1)
    draws = 6 * DRAWS  # Chernoff: the tails of these three thresholds leave each line a chance under 1e-14 to be wrong
    noisy = mechanism.add([1] * draws)
    survivors = [sum(x >= line for x in noisy) for line in (tau, tau - 1)]
    assert survivors[0] <= draws / 100
    assert survivors[1] > draws / 100  # a threshold off by one is seen


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("edge", [0, 1, 2, 7, 100, 10**9])
@pytest.mark.parametrize("near", [-5, 0, 1, 6, 7, 8, 99, 101, 10**9])
def test_the_least_is_found_from_wherever_one_begins(first, edge, near):
    """Above and below it, and also where it is the first of all."""
    assert threshold.least(lambda m: m >= edge, first=first, near=near) == max(first, edge)


def test_what_never_holds_is_not_looked_for_without_end():
    """A condition that stays false."""
    with pytest.raises(UsageError):
        threshold.least(lambda _: False, first=0, near=3)


def test_a_threshold_grows_with_groups_and_minimum():
    """The union bound over the groups of a unit, and the least number of units."""
    scale, delta = Fraction(10), Fraction(1, 10**6)
    one = threshold.laplace_threshold(scale, delta)
    assert threshold.laplace_threshold(scale, delta, groups=3) == one + 11  # 10 log 3, rounded up
    assert threshold.laplace_threshold(scale, delta, minimum=5) == one + 4
    assert one == 1 + math.ceil(10 * math.log(10**6 / (1 + math.exp(-0.1))))


@pytest.mark.parametrize(
    "mechanism", [Laplace(30, Fraction(1)), Gaussian(30, Fraction(1, 50)), Gaussian(900, Fraction(1, 50), 0)]
)
def test_intervals_cover_what_they_say(mechanism):
    """The least whole half width whose interval holds the noise with 95 %, by the mass function and by draws."""
    if isinstance(mechanism, Laplace):
        finer, mass = 1, fit.laplace_mass(float(mechanism.scale))
    else:
        finer = 1 << mechanism.refine
        mass = fit.gaussian_mass(float(mechanism.variance) * finer**2)

    def cover(half: int) -> float:
        """A draw is rounded to at most `half` where the finer one is within it and half a step, the upper end out."""
        return math.fsum(mass(x) for x in range(-half * finer - finer // 2, half * finer + (finer + 1) // 2))

    half = mechanism.half_width()
    assert cover(half) >= 0.95 > cover(half - 1)
    share = sum(abs(x) <= half for x in mechanism.add([0] * DRAWS)) / DRAWS
    assert abs(share - cover(half)) < 0.015  # Hoeffding: fails with a chance under 1e-11


def test_a_quantile_follows_the_exponential_mechanism():
    """The chosen index has exactly the probabilities `exp(epsilon * score / (2 * sensitivity))`; double is seen."""
    scores = [0, -1, -3, -4, -2, -7]
    weights = [math.exp(score / 4) for score in scores]

    def mass(x: int) -> float:
        return weights[x] / sum(weights) if 0 <= x < len(scores) else 0.0

    draws = [quantile.choose(scores, epsilon=Fraction(1), sensitivity=2) for _ in range(8_000)]
    assert fit.p_value(draws, mass) > fit.LINE
    doubled = [quantile.choose(scores, epsilon=Fraction(2), sensitivity=2) for _ in range(8_000)]
    assert fit.p_value(doubled, mass) < fit.LINE


def test_a_choice_that_is_not_decided_is_drawn_finer():
    """A number on the edge of two shares is extended until it lies in one."""
    low, high = real.exp(Fraction(-1, 3), 600)
    assert low >> 400 == high >> 400
    edge = ((1 << 1200) // ((1 << 600) + low) >> (600 - 192)).to_bytes(24, "big")  # 1 / (1 + e**-step), cut
    for then, expected in ((b"\x00" * 24, 0), (b"\xff" * 24, 1)):
        blocks = iter([edge, then])
        assert quantile.draw_index([0, -1], Fraction(1, 3), [1, 1], lambda n, b=blocks: next(b)) == expected


@pytest.mark.parametrize("q", [Fraction(0), Fraction(1, 2), Fraction(3, 4), Fraction(1)])
def test_the_sensitivity_of_a_score_is_never_exceeded(q):
    """All multisets of up to two rows in four places, and every row added to them."""
    most = quantile.score_sensitivity(q)
    for counts in product(range(3), repeat=4):
        before = quantile.quantile_scores(counts, q)
        for place in range(4):
            more = [count + (i == place) for i, count in enumerate(counts)]
            after = quantile.quantile_scores(more, q)
            assert max(abs(a - b) for a, b in zip(before, after, strict=True)) <= most


def test_quantiles_of_plenty_are_exact():
    """With much data the median and the quartiles are the true ones."""
    counts = [1000] * 101
    found = [quantile.quantile(counts, range(101), q, epsilon=Fraction(1)) for q in (Fraction(1, 4), Fraction(1, 2))]
    assert found == [25, 50]


def test_the_ends_are_near_the_ends():
    """Minimum and maximum of plenty are no candidates far beyond all values."""
    counts = [0] * 300 + [100] * 400 + [0] * 300
    found = [quantile.quantile(counts, range(1000), q, epsilon=Fraction(1)) for q in (Fraction(0), Fraction(1))]
    assert abs(found[0] - 300) < 20
    assert abs(found[1] - 700) < 20


def test_bins_and_bounds_hold_the_values(monkeypatch):
    """Bounds are the powers of two about all full bins; nothing full, no bounds.

    Noise makes an empty bin look full once in a thousand times, which is promised; so the noise is given here.
    """
    given = [0]
    monkeypatch.setattr(Laplace, "add", lambda _self, values: [value + given[0] for value in values])
    tally = [0] * bounds.BINS
    for value, count in ((-5, 500), (0, 300), (900, 800)):
        tally[bounds.bin_of(value)] += count
    found = bounds.find_value_bounds(tally, epsilon=Fraction(1), rows_per_unit=1)
    assert found is not None
    assert (found.low, found.high, found.mechanism) == (-7, 1023, Laplace(1, Fraction(1)))
    given[0] = bounds.least_full(Fraction(1)) - 1
    assert bounds.find_value_bounds([0] * bounds.BINS, epsilon=Fraction(1), rows_per_unit=1) is None
    tally = [0] * bounds.BINS
    tally[bounds.bin_of(5)] = 1
    found = bounds.find_value_bounds(tally, epsilon=Fraction(1), rows_per_unit=1)
    assert found is not None
    assert (found.low, found.high) == (4, 7)
    for value in (0, 1, -1, 7, 8, -8, 2**70, -(2**70)):
        low, high = (bounds._edge(bounds.bin_of(value), upper=upper) for upper in (False, True))
        assert low <= min(max(value, -(2**63) + 1), 2**63 - 1) <= high


@pytest.mark.parametrize("scale", [Fraction(1), Fraction(7, 2), Fraction(1000)])
def test_an_empty_bin_seldom_looks_full(scale):
    """Over all bins at most `FALSE_ALARM`, by the exact tail; half as far out it would be more."""
    full = bounds.least_full(scale)
    assert bounds.BINS * threshold.laplace_tail(scale, full) <= bounds.FALSE_ALARM
    assert bounds.BINS * threshold.laplace_tail(scale, full // 2) > bounds.FALSE_ALARM


def test_the_advised_bound_weighs_noise_against_loss():
    """Where most units are in five of seven groups and noise is small, five or more are kept; with huge noise, one."""
    tally = bounds.tally_contributions([5] * 3000 + [1] * 200 + [0] * 50, 7)
    assert tally == [200, 0, 0, 0, 3000, 0, 0]
    # A sixth group costs 10 of noise; noise of scale 1 on the empty places would have to claim 70 units to be worth it.
    little = bounds.advise_bound(tally, epsilon=Fraction(1), groups=7, deviation=lambda k: 10.0 * k)
    much = bounds.advise_bound(tally, epsilon=Fraction(1), groups=7, deviation=lambda k: 1e6 * k)
    assert (little.best.bound, much.best.bound, little.mechanism.cost.epsilon) == (5, 1, 1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: quantile.quantile([1], [1, 2], Fraction(1, 2), epsilon=Fraction(1)),
        lambda: quantile.quantile([1, 1], [2, 1], Fraction(1, 2), epsilon=Fraction(1)),
        lambda: quantile.quantile([1, 1], [1, 2], Fraction(3, 2), epsilon=Fraction(1)),
        lambda: quantile.quantile([1, -1], [1, 2], Fraction(1, 2), epsilon=Fraction(1)),
        lambda: quantile.choose([], epsilon=Fraction(1), sensitivity=1),
        lambda: quantile.choose([1], epsilon=Fraction(0), sensitivity=1),
        lambda: threshold.laplace_threshold(Fraction(1), Fraction(0)),
        lambda: bounds.find_value_bounds([1], epsilon=Fraction(1), rows_per_unit=1),
    ],
)
def test_senseless_questions_are_refused(call):
    """Before anything is drawn."""
    with pytest.raises(UsageError):
        call()


def test_uniform_integers_are_uniform():
    """Also below a number that is no power of two."""
    source = chance.Buffered()
    draws = [chance.uniform_below(5, source) for _ in range(20_000)]
    assert fit.p_value(draws, lambda x: 0.2 if 0 <= x < 5 else 0.0) > fit.LINE
