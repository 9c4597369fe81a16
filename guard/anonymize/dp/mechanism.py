"""Noise for a vector of integers: what it costs, how wide it is, and the draw. Integers go in and come out.

A vector is everything that one query releases at once; its sensitivity is how much all rows of one privacy unit move
it, in the L1 norm for Laplace and in the L2 norm for Gaussian noise. Multiply values onto a lattice before (cents, not
euros) and divide after.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from guard.anonymize.dp import real, sampler, threshold
from guard.anonymize.dp.account import Cost, gaussian_variance
from guard.errors import UsageError
from guard.model import Value

CONFIDENCE = Fraction(95, 100)
REFINE = 8  # bits: Gaussian noise is drawn on a lattice 256 times as fine and rounded, which Gaussian DP prices better
MAX_CELLS = 10_000_000  # numbers in one vector


class Laplace(Value, frozen=True):
    """Discrete Laplace noise that makes a vector of L1 sensitivity `sensitivity` epsilon-DP.

    Guarantee: for every output y, `P(y | D) <= exp(epsilon) * P(y | D')`, exactly.
    """

    sensitivity: int
    epsilon: Fraction

    def __post_init__(self) -> None:
        _check_positive(self.sensitivity, self.epsilon)

    @property
    def scale(self) -> Fraction:
        """The parameter b of `exp(-abs(x) / b)`."""
        return self.sensitivity / self.epsilon

    @property
    def cost(self) -> Cost:
        """Of the whole vector."""
        return Cost.pure(self.epsilon)

    def add(self, values: Sequence[int]) -> list[int]:
        """The values with noise of their own each."""
        return _add(values, sampler.laplace(self.scale, _count(values)))

    def half_width(self, confidence: Fraction = CONFIDENCE) -> int:
        """The least h with `P(abs(noise) <= h) >= confidence`, for one value."""
        return half_width("laplace", self.scale, confidence)

    def key_threshold(self, delta: Fraction, *, groups: int, minimum: int = 1) -> int:
        """The least noisy number of units at which a private group key may be shown."""
        return threshold.laplace_threshold(self.scale, delta, groups=groups, minimum=minimum)


class Gaussian(Value, frozen=True):
    """Discrete Gaussian noise that makes a vector whose squared L2 sensitivity is `sensitivity_squared` rho-zCDP.

    Drawn on a lattice `2**refine` times as fine and rounded half up, which is post-processing: `refine = 0` is the
    plain discrete Gaussian of Canonne, Kamath and Steinke.
    """

    sensitivity_squared: int
    rho: Fraction
    refine: int = REFINE

    def __post_init__(self) -> None:
        _check_positive(self.sensitivity_squared, self.rho)
        if not 0 <= self.refine <= 64:
            raise UsageError("a lattice is not refined by 0 to 64 bits", help="leave it at its default")

    @property
    def variance(self) -> Fraction:
        """The parameter sigma squared, of the vector's own lattice."""
        return gaussian_variance(self.rho, self.sensitivity_squared)

    @property
    def cost(self) -> Cost:
        """Of the whole vector."""
        finer = 1 << 2 * self.refine
        return Cost.gaussian(self.sensitivity_squared * finer, self.variance * finer)

    def add(self, values: Sequence[int]) -> list[int]:
        """The values with noise of their own each."""
        noise = sampler.gaussian(self.variance * (1 << 2 * self.refine), _count(values))
        half = (1 << self.refine) >> 1
        return _add(values, [(x + half) >> self.refine for x in noise])

    def half_width(self, confidence: Fraction = CONFIDENCE) -> int:
        """The least h, by a bound of the tail, with `P(abs(noise) <= h) >= confidence`, for one value."""
        return half_width("gaussian", self.variance, confidence, self.refine)

    def key_threshold(self, delta: Fraction, *, groups: int, minimum: int = 1) -> int:
        """The least noisy number of units at which a private group key may be shown."""
        fine = threshold.gaussian_threshold(self.variance * (1 << 2 * self.refine), delta, groups=groups) - 1
        # Rounded noise reaches m exactly where the fine noise reaches m * 2**refine - half.
        half = (1 << self.refine) >> 1
        return minimum + real.ceil_div(fine + half, 1 << self.refine)


def of_variance(variance: Fraction) -> Gaussian:
    """The mechanism whose noise has this variance; its draws are made on a finer lattice and rounded."""
    return Gaussian(1, 1 / (2 * variance))


@lru_cache(maxsize=1024)
def half_width(kind: str, parameter: Fraction, confidence: Fraction = CONFIDENCE, refine: int = 0) -> int:
    """The least h with `P(abs(noise) <= h) >= confidence`, for `laplace` noise (a scale) or `gaussian` (a variance)."""
    if not 0 < confidence < 1:
        raise UsageError("a confidence is not between 0 and 1", help="write 95/100")
    outside = (1 - confidence) / 2

    def tail(h: int) -> Fraction:
        if kind == "laplace":
            return threshold.laplace_tail(parameter, h + 1)
        # |rounded| > h needs fine noise of at least (h + 1/2) * 2**refine upwards, or beyond it downwards.
        return threshold.gaussian_tail(parameter * (1 << 2 * refine), max(1, ((2 * h + 1) << refine) + 1 >> 1))

    near = threshold.laplace_near(parameter, outside) if kind == "laplace" else 0
    return threshold.least(lambda h: tail(h) <= outside, first=0, near=near)


def _add(values: Sequence[int], noise: list[int]) -> list[int]:
    return [value + each for value, each in zip(values, noise, strict=True)]


def _count(values: Sequence[int]) -> int:
    if len(values) > MAX_CELLS:
        raise UsageError(f"a vector has more than {MAX_CELLS} numbers", help="ask for fewer groups")
    return len(values)


def _check_positive(sensitivity: int, amount: Fraction) -> None:
    if type(sensitivity) is not int or sensitivity < 1 or type(amount) is not Fraction or amount <= 0:
        raise UsageError(
            "a mechanism needs a whole sensitivity of at least 1 and an exact epsilon or rho above 0",
            help="round the sensitivity up, and write the other as a Fraction",
        )
