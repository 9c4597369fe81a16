"""Gaussian noise of an answer: priced by Gaussian DP however narrow it is, and as wide as it says."""

from __future__ import annotations

from fractions import Fraction

import pytest

from guard.anonymize.dp.mechanism import Gaussian
from guard.anonymize.dp.sql.answer import Rule, _gaussian_noise, _tau, draw
from guard.anonymize.dp.sql.measure import Noise


@pytest.mark.parametrize("epsilon", ["1/10", "1", "5"])
def test_narrow_noise_has_a_cost_in_every_notion(epsilon: str) -> None:
    """An epsilon of 5 draws with a variance of 1/25, which a coarse lattice could not price."""
    noise, cost = _gaussian_noise(1, Rule(Fraction(epsilon), Fraction(0), "gaussian"), 1)
    assert noise.variance == Gaussian(1, Fraction(epsilon) ** 2 / 2).variance
    assert cost.rho == Fraction(epsilon) ** 2 / 2
    assert cost.mu_squared is not None
    assert cost.rho * 2 <= cost.mu_squared <= cost.rho * Fraction(201, 100)


def test_the_draws_have_the_variance_that_was_paid_for() -> None:
    """20,000 draws of variance 50: the sum of squares is within 8 standard deviations, a chance under 1e-9 to fail."""
    noise = Noise(variance=Fraction(50))
    draws = draw(noise, 20_000)
    mean = sum(each * each for each in draws) / len(draws)
    assert abs(mean - 50) < 8 * 50 * (2 / len(draws)) ** 0.5 + 1 / 12
    inside = sum(abs(each) <= 1.96 * noise.deviation() for each in draws)
    # Hoeffding: P(abs(share - p) >= 0.024) <= 2 exp(-2 * 20000 * 0.024**2) < 1e-9, and p is 0.95 but for the lattice.
    assert 0.915 < inside / len(draws) < 0.985


def test_the_threshold_is_that_of_the_rounded_noise() -> None:
    """A group of one unit is shown with at most the delta that was paid."""
    delta = Fraction(1, 10**6)
    rule = Rule(Fraction(1), delta, "gaussian")
    tau = _tau(Noise(variance=Fraction(4)), rule, 1)
    assert tau == Gaussian(1, Fraction(1, 8)).key_threshold(delta, groups=1)
    assert 9 <= tau <= 12
