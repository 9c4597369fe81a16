"""Which group keys may be shown when the keys themselves are private.

A key that only one unit has must almost never appear. So a group is shown only when its noisy number of units reaches
tau, and tau is the least integer for which a group of one unit gets there with a probability whose sum over all the
groups of a unit is proven to be at most delta. Bounds are integers with directed rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import isqrt

from guard.anonymize.dp import real
from guard.errors import UsageError

BITS = 256
NARROW = 4096  # variance up to which a tail is summed


@lru_cache(maxsize=4096)
def laplace_threshold(scale: Fraction, delta: Fraction, *, groups: int = 1, minimum: int = 1) -> int:
    """The least tau for discrete Laplace noise of this scale on the number of units.

    Args:
        scale: of the noise.
        delta: for one unit, over all its groups.
        groups: how many groups a unit may be in (L0).
        minimum: a group of this many units or fewer is to be shown with probability delta at most.

    Raises:
        UsageError: an argument is out of its range.
    """
    near = laplace_near(scale, delta / max(1, groups)) if delta > 0 else 0
    return _threshold(lambda m: laplace_tail(scale, m), delta, groups=groups, minimum=minimum, near=near)


def laplace_near(scale: Fraction, tail: Fraction) -> int:
    """About where the tail of Laplace noise is this small: `scale * log(1 / (2 * tail))`. A place to begin to look."""
    bits = 64
    return real.floor_at(scale * real.log(1 / (2 * tail), bits)[0] / (1 << bits), 0)


def least(holds: Callable[[int], bool], *, first: int, near: int) -> int:
    """The least integer from `first` on for which a condition that stays true holds, looked for from `near` outwards.

    Raises:
        UsageError: none of 256 bits does.
    """
    step, high = 1, max(first, near)
    if holds(high):
        while True:
            if high == first:
                return first
            low = max(first, high - step)
            if not holds(low):
                break
            high, step = low, 2 * step
    else:
        low = high
        while not holds(high := low + step):
            low, step = high, 2 * step
            if high.bit_length() > BITS:
                raise UsageError("no threshold reaches this delta", help="use less noise or a larger delta")
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return high


def gaussian_threshold(sigma_squared: Fraction, delta: Fraction, *, groups: int = 1, minimum: int = 1) -> int:
    """The least tau, by a bound of the tail, for discrete Gaussian noise; see `laplace_threshold`."""
    return _threshold(lambda m: gaussian_tail(sigma_squared, m), delta, groups=groups, minimum=minimum)


def laplace_tail(scale: Fraction, m: int) -> Fraction:
    """An upper bound of P(X >= m), m >= 1: `q**m / (1 + q)` with `q = exp(-1/scale)`."""
    _check_tail(scale, m)
    bits = BITS + int(m / scale) * 2
    q_low = real.exp(-1 / scale, bits)[0]
    power_high = real.exp(-m / scale, bits)[1]
    return Fraction(power_high, (1 << bits) + q_low)


def gaussian_tail(sigma_squared: Fraction, m: int) -> Fraction:
    """An upper bound of P(X >= m), m >= 1.

    The mass function is `g(x) / S` with `S >= max(1, sqrt(2 pi) sigma)` (Poisson summation). From one sigma on g is
    convex, so `g(k)` is at most its integral over `[k - 1/2, k + 1/2]` and the tail at most that of the continuous
    Gaussian from `m - 1/2`; nearer, the integral from `m - 1`. A narrow Gaussian is summed term by term.
    """
    _check_tail(sigma_squared, m)
    if sigma_squared <= NARROW:
        return _summed_tail(sigma_squared, m)
    root = isqrt(int(sigma_squared)) + 1  # over sigma
    near = Fraction(2 * m - 1, 2) if m > root else Fraction(m - 1)
    bits = BITS + 2 * int(near * near / sigma_squared)
    sigma_high = Fraction(real.sqrt(sigma_squared, bits)[1], 1 << bits)
    x = near / sigma_high
    return Fraction(real.normal_tail(Fraction(real.floor_at(x, bits), 1 << bits), bits)[1], 1 << bits)


@lru_cache(maxsize=4096)
def _summed_tail(sigma_squared: Fraction, m: int) -> Fraction:
    """`sum of g(k) from m on / sum of g(k) over all k`, each term from the one before, until they are nothing."""
    bits = BITS + 2 * int(m * m / sigma_squared)
    ratio = real.exp(-1 / sigma_squared, bits)
    first = real.exp(-Fraction(m * m) / (2 * sigma_squared), bits)[1]
    step = real.exp(-Fraction(2 * m + 1) / (2 * sigma_squared), bits)[1]
    above = _sum(first, step, ratio[1], bits, up=1)
    beside = _sum(1 << bits, real.exp(-1 / (2 * sigma_squared), bits)[0], ratio[0], bits, up=0)
    return Fraction(above, 2 * beside - (1 << bits))


def _sum(term: int, step: int, ratio: int, bits: int, *, up: int) -> int:
    """A sum of terms, each `step` times the one before, where `step` shrinks by `ratio`; a bound below or (up=1) above.

    It ends where a term is one unit at most; for a bound above, the rest is added as a geometric series.
    """
    one, found = 1 << bits, 0
    while term > 1 or 2 * step > one:
        found += term
        term, step = (term * step >> bits) + up, (step * ratio >> bits) + up
    return found + up * 2 * term


def _threshold(tail: Callable[[int], Fraction], delta: Fraction, *, groups: int, minimum: int, near: int = 1) -> int:
    if not 0 < delta < 1:
        raise UsageError("the delta of a threshold is not between 0 and 1", help="give a delta above 0")
    if groups < 1 or minimum < 1:
        raise UsageError("a unit is in at least one group, and a group has at least one unit", help="give 1 or more")
    most = delta / groups  # of one group: the union bound over the groups of the unit
    return minimum + least(lambda m: tail(m) <= most, first=1, near=near)


def _check_tail(parameter: Fraction, m: int) -> None:
    if parameter <= 0 or m < 1:
        raise UsageError("a tail needs a positive scale and begins at 1", help="give a scale above 0")
