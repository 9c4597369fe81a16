"""Between notions of privacy, always to the safe side: (epsilon, delta), Gaussian DP and zero-concentrated DP.

The two-sided bounds of `real` are searched by bisection over dyadic numbers; what is returned was checked by the bound
that matters, never by its float neighbour.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from guard.anonymize.dp import real
from guard.errors import UsageError

MAX_EPSILON = 200
BITS = 200  # of precision, beyond the size of 1/delta
LARGE = 30  # epsilon from which a simple bound takes the place of the search
GRID = 40  # bits after the point of what a search returns

# Up to 2**40 noisy numbers, each within 1 +- 2**-80 of a Gaussian mechanism on both sides: see `account.Cost.gaussian`.
SLACK_EPSILON = Fraction(1, 1 << 36)
SLACK_DELTA = 1 + Fraction(1, 1 << 36)


def delta_of_gdp(mu_squared: Fraction, epsilon: Fraction) -> Fraction:
    """An upper bound of the delta of `mu`-Gaussian DP at `epsilon`.

    `Phi(mu/2 - eps/mu) - e**eps * Phi(-mu/2 - eps/mu)` (Balle and Wang, arXiv 1805.06530, theorem 8).
    """
    if mu_squared == 0:
        return Fraction(0)
    small = max(0, mu_squared.denominator.bit_length() - mu_squared.numerator.bit_length())
    bits = BITS + 2 * int(epsilon + 1) + small
    low, high = real.sqrt(mu_squared, bits)
    one = 1 << bits
    # x = eps/mu - mu/2 and y = eps/mu + mu/2; the bound grows as x and falls as y, so take the least x, the greatest y.
    x = epsilon * one / high - Fraction(high, 2 * one)
    y = epsilon * one / Fraction(low) + Fraction(high, 2 * one)
    first = real.normal_tail(_down(x, bits), bits)[1]
    second = real.normal_tail(_up(y, bits), bits)[0] * real.exp(epsilon, bits)[0] >> bits
    return Fraction(max(0, first - second), one)


@lru_cache(maxsize=4096)
def epsilon_of_gdp(mu_squared: Fraction, delta: Fraction) -> Fraction:
    """An upper bound of the epsilon of `mu`-Gaussian DP at `delta`, slack of the discrete Gaussian included."""
    _check_delta(delta)
    found = _least(lambda epsilon: delta_of_gdp(mu_squared, epsilon) * SLACK_DELTA <= delta)
    return found + SLACK_EPSILON


@lru_cache(maxsize=256)
def mu_squared_within(epsilon: Fraction, delta: Fraction) -> Fraction:
    """The largest `mu**2`, on a grid, with which Gaussian DP still keeps (epsilon, delta); slack included."""
    _check_delta(delta)
    if epsilon <= SLACK_EPSILON:
        return Fraction(0)
    inner = epsilon - SLACK_EPSILON
    return _most(lambda mu_squared: delta_of_gdp(mu_squared, inner) * SLACK_DELTA <= delta, 4 * epsilon + 4)


@lru_cache(maxsize=1024)
def mu_squared_of_pure(epsilon: Fraction, bits: int) -> Fraction:
    """An upper bound of the least `mu**2` that covers every epsilon-DP mechanism.

    The trade-off curve of randomised response has its corner where both errors are `1 / (1 + e**eps)`; the Gaussian
    curve through the corner has `P(Z >= mu/2) = 1 / (1 + e**eps)` and lies below by convexity.
    """
    if epsilon == 0:
        return Fraction(0)
    if epsilon > LARGE:
        return 8 * epsilon  # P(Z >= x) <= exp(-x**2 / 2) / 2, so x**2 = 2 * eps is enough
    fine = bits + 2 * int(epsilon + 1) + real.GUARD_BITS
    corner = (1 << 2 * fine) // ((1 << fine) + real.exp(epsilon, fine)[1])
    low, high = 0, (2 * int(epsilon + 2)) << bits
    while high - low > 1:
        middle = (low + high) // 2
        if real.normal_tail(Fraction(middle, 1 << bits), fine)[1] <= corner:
            high = middle
        else:
            low = middle
    return _up(Fraction(2 * high, 1 << bits) ** 2, bits)


@lru_cache(maxsize=4096)
def epsilon_of_zcdp(rho: Fraction, delta: Fraction) -> Fraction:
    """An upper bound of the epsilon of `rho`-zCDP at `delta`.

    `rho * a + log(1 / (a * delta)) / (a - 1) + log(1 - 1/a)`, least over a > 1 (Canonne, Kamath and Steinke,
    proposition 12). Any a gives a bound, so the search for a good one may be rough.
    """
    _check_delta(delta)
    if rho == 0:
        return Fraction(0)
    return max(Fraction(0), min(_epsilon_at_order(rho, delta, order) for order in _orders(rho, delta)))


@lru_cache(maxsize=256)
def rho_within(epsilon: Fraction, delta: Fraction) -> Fraction:
    """The largest rho, on a grid, with which zCDP still keeps (epsilon, delta)."""
    _check_delta(delta)
    return _most(lambda rho: rho == 0 or epsilon_of_zcdp(rho, delta) <= epsilon, epsilon)


def _epsilon_at_order(rho: Fraction, delta: Fraction, order: Fraction) -> Fraction:
    bits = 96
    one = 1 << bits
    first = Fraction(real.log(1 / (order * delta), bits)[1], one) / (order - 1)
    if first < 0:  # then the division must round the other way, and the order is useless anyway
        first = Fraction(0)
    return rho * order + first + Fraction(real.log(1 - 1 / order, bits)[1], one)


def _orders(rho: Fraction, delta: Fraction) -> list[Fraction]:
    """Orders near the best one; only how tight the bound is depends on them."""
    tail = float(delta.denominator.bit_length() - delta.numerator.bit_length()) * math.log(2)
    r = max(float(rho), 1e-300)

    def bound(order: float) -> float:
        return r * order + (tail - math.log(order)) / (order - 1) + math.log1p(-1 / order)

    start = min(1 + math.sqrt(max(tail, 1e-9) / r), 1e12)
    low, high = math.log(1e-9), math.log(8 * start)
    for _ in range(80):
        third = (high - low) / 3
        if bound(1 + math.exp(low + third)) <= bound(1 + math.exp(high - third)):
            high -= third
        else:
            low += third
    return [Fraction(1) + Fraction(math.exp(low)).limit_denominator(1 << 40)]


def _check_delta(delta: Fraction) -> None:
    if not 0 < delta < 1:
        raise UsageError("a delta is not between 0 and 1", help="Gaussian noise needs a delta above 0")


def _least(holds: Callable[[Fraction], bool]) -> Fraction:
    """The smallest number of the grid for which a condition that stays true holds; up to `MAX_EPSILON` and beyond."""
    low, high = -1, 1 << GRID
    while not holds(Fraction(high, 1 << GRID)):
        low, high = high, 2 * high
        if high >> GRID > 64 * MAX_EPSILON:
            raise UsageError("the cost is beyond any meaningful epsilon", help="add more noise")
    while high - low > 1:
        middle = (low + high) // 2
        if holds(Fraction(middle, 1 << GRID)):
            high = middle
        else:
            low = middle
    return Fraction(high, 1 << GRID)


def _most(holds: Callable[[Fraction], bool], above: Fraction) -> Fraction:
    """The largest number of the grid up to `above` for which a condition that stays false holds; 0 always does."""
    low, high = 0, int(above * (1 << GRID)) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if holds(Fraction(middle, 1 << GRID)):
            low = middle
        else:
            high = middle
    return Fraction(low, 1 << GRID)


def _down(x: Fraction, bits: int) -> Fraction:
    return Fraction(real.floor_at(x, bits), 1 << bits)


def _up(x: Fraction, bits: int) -> Fraction:
    return Fraction(real.ceil_at(x, bits), 1 << bits)
