"""Costs add up exactly, and every conversion errs to the safe side."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from guard.anonymize.dp import convert, real
from guard.anonymize.dp.account import Cost, Limit, total
from guard.anonymize.dp.mechanism import Gaussian, Laplace
from guard.errors import UsageError

DELTA = Fraction(1, 10**6)


def normal_tail(x: float) -> float:
    return math.erfc(x / math.sqrt(2)) / 2


@pytest.mark.parametrize("x", [Fraction(-7), Fraction(-1, 3), Fraction(0), Fraction(1, 7), Fraction(5, 2), Fraction(9)])
def test_bounds_hold_the_true_value_between_them(x):
    """e**x, its logarithm, the square root and the normal tail, against floats and against each other."""
    one = 1 << 120
    low, high = (Fraction(bound, one) for bound in real.exp(x, 120))
    assert float(low) == pytest.approx(math.exp(x), rel=1e-13)
    assert 0 < high - low < Fraction(1, 1 << 110)
    assert Fraction(real.log(low, 120)[0], one) <= x <= Fraction(real.log(high, 120)[1], one)
    assert Fraction(real.normal_tail(x, 120)[0], one) <= Fraction(real.normal_tail(x, 120)[1], one)
    assert real.normal_tail(x, 120)[0] / one == pytest.approx(normal_tail(float(x)), rel=1e-12)
    assert real.sqrt(x * x, 120) == (
        abs(x.numerator) * one // x.denominator,
        -(-abs(x.numerator) * one // x.denominator),
    )


@pytest.mark.parametrize("epsilon", [Fraction(1, 10), Fraction(1), Fraction(7)])
@pytest.mark.parametrize("mu_squared", [Fraction(1, 100), Fraction(1), Fraction(4)])
def test_delta_of_gaussian_dp_is_the_known_formula(mu_squared, epsilon):
    """Balle and Wang's theorem 8 in floats, never under it."""
    mu, eps = math.sqrt(mu_squared), float(epsilon)
    known = normal_tail(eps / mu - mu / 2) - math.exp(eps) * normal_tail(eps / mu + mu / 2)
    assert float(convert.delta_of_gdp(mu_squared, epsilon)) == pytest.approx(known, rel=1e-6, abs=1e-15)
    assert convert.delta_of_gdp(mu_squared, epsilon) >= Fraction(known) - Fraction(1, 10**14)


def test_tiny_costs_convert_too():
    """Noise of the largest scale costs next to nothing, and that is said without dividing by zero."""
    for variance in (Fraction(2**256), Fraction(2**600)):
        assert 0 < Cost.gaussian(1, variance).epsilon_at(DELTA) < Fraction(1, 10**9)


def test_zcdp_converts_as_published():
    """100 Gaussians of deviation 4.2247 at delta 1e-6: 14.34 by the conversion of Canonne, Kamath and Steinke."""
    spent = total([Cost.gaussian(1, Fraction(42247, 10000) ** 2)] * 100)
    assert float(spent.epsilon_at(DELTA, "zcdp")) == pytest.approx(14.338, abs=1e-3)
    simple = float(spent.rho) + 2 * math.sqrt(float(spent.rho) * math.log(1e6))
    assert float(spent.epsilon_at(DELTA, "zcdp")) < simple


def test_reports_of_dp_accounting_stay_under_our_bounds():
    """The tightest known accountant never says more than what we enforce, and is near it for Gaussian noise."""
    pytest.importorskip("dp_accounting")
    from guard.anonymize.dp import pld

    for variance, times in ((Fraction(200), 300), (Fraction(9), 5)):
        spent = total([Gaussian(1, 1 / (2 * variance), refine=4).cost] * times)
        reported = pld.epsilon([pld.Spend("gaussian", variance * 256, 16)] * times, DELTA)  # the finer lattice
        assert reported <= float(spent.epsilon_at(DELTA)) + 0.01 <= reported * 1.02
    for scale, times in ((Fraction(10), 100), (Fraction(1), 3)):
        spent = total([Laplace(1, 1 / scale).cost] * times)
        assert pld.epsilon([pld.Spend("laplace", scale)] * times, DELTA) <= float(spent.least_epsilon(DELTA)) + 0.01


def test_epsilon_dp_is_covered_by_its_gaussian():
    """The corner of randomised response, and each other point of its curve, lies on or above the Gaussian curve."""
    for epsilon in (0.1, 1.0, 3.0, 29.0, 31.0):
        mu = math.sqrt(Cost.pure(Fraction(epsilon)).mu_squared)
        assert normal_tail(mu / 2) <= (1 + 1e-12) / (1 + math.exp(epsilon))
        for i in range(1, 100):
            z = -4 + 8 * i / 100  # a test that rejects beyond z
            alpha, beta = normal_tail(z), 1 - normal_tail(z - mu)
            assert beta <= max(0.0, 1 - math.exp(epsilon) * alpha, math.exp(-epsilon) * (1 - alpha)) + 1e-12


def test_the_discrete_gaussian_is_within_its_slack():
    """4 exp(-6 pi**2) < 2**-80, which is what `Cost.gaussian` says of smoothing with variance 3."""
    pi_low = Fraction(real.pi(200)[0], 1 << 200)
    assert 4 * Fraction(real.exp(-6 * pi_low**2, 200)[1], 1 << 200) < Fraction(1, 1 << 80)
    assert Fraction(1, 1 << 39) <= convert.SLACK_EPSILON  # 2**40 numbers, on both sides


def test_a_limit_admits_what_it_says():
    """780 answers and more under (10, 1e-5) with a deviation of 14.1; the next ones are refused; pure DP adds up."""
    limit = Limit(Fraction(10), Fraction(1, 10**5))
    one = Gaussian(1, 1 / (2 * Fraction(141, 10) ** 2)).cost.rounded_up()
    admitted = int(limit.capacity().mu_squared / one.mu_squared)
    spent = total([one] * admitted)
    assert admitted >= 780
    assert [limit.admits(spent), limit.admits(spent + one)] == [True, False]
    assert 9.99 < spent.epsilon_at(Fraction(1, 10**5)) <= 10
    pure = Limit(Fraction(1), notion="pure")
    tenth = Laplace(1, Fraction(1, 10)).cost
    assert [pure.admits(total([tenth] * n)) for n in (10, 11)] == [True, False]
    assert not pure.admits(one)  # Gaussian noise is not pure


def test_delta_for_keys_is_kept_apart():
    """Thresholds use their own share of delta and cannot touch the rest."""
    limit = Limit(Fraction(1), DELTA, key_delta=DELTA / 2)
    assert limit.admits(Cost.approximate(DELTA / 2))
    assert not limit.admits(Cost.approximate(DELTA / 2 + Fraction(1, 10**12)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Cost(rho=Fraction(-1)),
        lambda: Cost(rho=0.5),  # type: ignore[arg-type]
        lambda: Cost.gaussian(1, 0),
        lambda: Cost.pure(Fraction(-1)),
        lambda: Limit(Fraction(0), DELTA),
        lambda: Limit(Fraction(1)),
        lambda: Limit(Fraction(1), DELTA, key_delta=DELTA),
        lambda: Limit(Fraction(1), Fraction(1)),
        lambda: Laplace(0, Fraction(1)),
        lambda: Gaussian(1, 0.5),  # type: ignore[arg-type]
    ],
)
def test_what_makes_no_sense_dies_in_the_constructor(make):
    """Negative, inexact or contradictory numbers."""
    with pytest.raises(UsageError):
        make()


def test_diffprivlib_raises_outside_its_window():
    """Float mechanisms always; Geometric and GaussianDiscrete for what is too large for them."""
    pytest.importorskip("diffprivlib")
    from guard.anonymize.dp.diffprivlib_window import UnsoundMechanismError, mechanism

    refused = ["Laplace", "Gaussian", "GaussianAnalytic", "Staircase", "Snapping", "Exponential", "Vector"]
    for name in refused:
        with pytest.raises(UnsoundMechanismError):
            mechanism(name, epsilon=Fraction(1))
    with pytest.raises(UnsoundMechanismError):
        mechanism("Geometric", epsilon=Fraction(1)).randomise(2**60)
    with pytest.raises(UnsoundMechanismError):
        mechanism("Geometric", epsilon=Fraction(1, 10), sensitivity=10**6)
    with pytest.raises(UnsoundMechanismError):
        mechanism("GaussianDiscrete", epsilon=Fraction(1), delta=DELTA, sensitivity=101)
    with pytest.raises(UsageError):
        mechanism("Geometric", epsilon=Fraction(1), random_state=1)
    inside = mechanism("Geometric", epsilon=Fraction(1, 3))
    assert (inside.name, inside.cost.epsilon >= Fraction(1, 3), type(inside.randomise(7))) == ("Geometric", True, int)
    assert mechanism("PermuteAndFlip", epsilon=Fraction(50), sensitivity=1, utility=[0, 9, 1]).randomise() == 1
    assert mechanism("Binary", epsilon=Fraction(90), value0="a", value1="b").randomise("a") == "a"


def test_the_plain_sum_admits_beside_the_notion() -> None:
    """Ten answers of epsilon 1 fit into 10 whatever Gaussian DP makes of them; beside Gaussian noise it decides."""
    limit = Limit(Fraction(10), DELTA, DELTA / 2)
    ten = total([Cost.pure(1)] * 10)
    assert limit.admits(ten)
    assert not limit.admits(ten + Cost.pure(Fraction(1, 1000)))
    assert limit.epsilon_of(ten) == 10
    assert limit.share_spent(ten) == 1
    assert not limit.admits(ten + Cost.approximate(DELTA))
    assert limit.epsilon_of(Cost.pure(1) + Cost.gaussian(1, Fraction(200))) is not None
    gaussian = total([Cost.gaussian(1, Fraction(200))] * 400)
    assert limit.admits(gaussian)
    assert not limit.admits(gaussian + ten)
