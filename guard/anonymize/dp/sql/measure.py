"""What is measured for an answer: whole numbers per unit and group, how far one unit moves them, and their noise.

A measure is one or more sums of whole numbers. A unit's part of a measure in one group has an L1 norm of at most
`reach`; it counts in at most `groups` groups. Sums and means use a pair: for `x` in `[low, high]` the sums
`A = sum(high - x)` and `B = sum(x - low)`. A row moves the pair by `high - low` in L1, as much as it moves either
alone, and the pair holds the count `(A + B) / (high - low)` too, so no part of the budget is split off for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, TypeAlias

from guard.anonymize.dp.mechanism import half_width, of_variance
from guard.anonymize.dp.sql.value import Val

MeasureKind: TypeAlias = Literal["rows", "present", "units", "pair", "moments", "distinct", "histogram"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure. `value` is the argument; `low` and `high` are the ends that a pair uses, on the argument's grid."""

    kind: MeasureKind
    value: Val | None = None
    low: int = 0
    high: int = 0
    share: Fraction = Fraction(0)  # of a histogram: which quantile is taken from it

    @property
    def key(self) -> tuple[str, str, Fraction]:
        """Equal for measures of the same thing."""
        return self.kind, self.value.sql if self.value is not None else "", self.share

    @property
    def width(self) -> int:
        """`high - low` in steps, at least 1."""
        return max(1, self.high - self.low)

    @property
    def columns(self) -> int:
        """How many whole numbers it has per group."""
        return {"pair": 2, "moments": 3}.get(self.kind, 1)

    def reaches(self, rows: int) -> tuple[int, ...]:
        """For each block that gets its own noise, the most in L1 that `rows` rows of a unit change it."""
        if self.kind == "units":
            return (1,)
        if self.kind == "pair":
            return (rows * self.width,)
        if self.kind == "moments":
            return rows * self.width, rows * self.width**2
        return (rows,)

    def blocks(self) -> tuple[int, ...]:
        """The number of columns of each block."""
        return {"pair": (2,), "moments": (1, 2)}.get(self.kind, (1,))


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of one block: discrete Laplace of `scale`, or discrete Gaussian of variance `variance`."""

    scale: Fraction | None = None
    variance: Fraction | None = None

    def deviation(self) -> float:
        """The standard deviation of one draw, for people."""
        if self.scale is not None:
            return float(self.scale) * math.sqrt(2)
        assert self.variance is not None
        return math.sqrt(self.variance)

    def half_width(self) -> int:
        """The least h with which 95 % of the draws lie in -h to h."""
        if self.scale is not None:
            return half_width("laplace", self.scale)
        assert self.variance is not None
        return of_variance(self.variance).half_width()

    @property
    def reach(self) -> float:
        """Standard deviations that hold 95 % of a draw, or of a weighted sum of draws, which has lighter tails."""
        return 2.1183 if self.scale is not None else 1.96


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number computed from noisy sums; exact until it is shown.

    `deviation` is its standard deviation and `half` the half width of its 95 % interval, both for people.
    """

    value: Fraction | None
    deviation: float
    half: float = 0.0


def count_of(measure: Measure, noisy: tuple[int, ...]) -> Fraction:
    """The noisy number of rows in a measure."""
    if measure.kind == "pair":
        return Fraction(noisy[0] + noisy[1], measure.width)
    if measure.kind == "moments":
        return Fraction(noisy[1] + noisy[2], measure.width**2)
    return Fraction(noisy[0])


def estimate(function: str, measure: Measure, noisy: tuple[int, ...], noise: tuple[Noise, ...]) -> Estimate:
    """An aggregate from a measure's noisy sums: exact arithmetic, no division by zero, results within their range."""
    if measure.kind == "pair":
        found = _of_pair(function, measure, noisy, noise[0].deviation())
    elif measure.kind == "moments":
        found = _of_moments(function, measure, noisy, noise)
    else:
        return Estimate(Fraction(noisy[0]), noise[0].deviation(), noise[0].half_width())
    return replace(found, half=found.deviation * noise[0].reach)


def _of_pair(function: str, measure: Measure, noisy: tuple[int, ...], sd: float) -> Estimate:
    assert measure.value is not None
    above, below = noisy  # sum(high - x), sum(x - low)
    scale, width, low, high = measure.value.scale, measure.width, measure.low, measure.high
    if function == "count":
        return Estimate(count_of(measure, noisy), sd * 2**0.5 / width)
    if function == "sum":
        total = Fraction(high * below + low * above, width) * scale
        return Estimate(total, sd * float(scale) * (high**2 + low**2) ** 0.5 / width)
    # At least one row: below that the noise alone decides, and the middle of the range is as good.
    rows = max(above + below, width)
    share = min(max(Fraction(below, rows), Fraction(0)), Fraction(1))
    mean = (low + share * width) * scale
    spread = ((1 - float(share)) ** 2 + float(share) ** 2) ** 0.5
    return Estimate(mean, sd * spread * width * float(scale) / rows)


def _of_moments(function: str, measure: Measure, noisy: tuple[int, ...], noise: tuple[Noise, ...]) -> Estimate:
    """Variance and deviation, from the sums of `z = 2 x - (low + high)`, of `W**2 - z**2` and of `z**2`."""
    assert measure.value is not None
    rows = max(count_of(measure, noisy), Fraction(1))
    square = Fraction(measure.width**2)
    mean = min(max(Fraction(noisy[0]) / rows, Fraction(-measure.width)), Fraction(measure.width))
    second = min(max(Fraction(noisy[2]) / rows, Fraction(0)), square)
    sample = function in ("variance", "var_samp", "stddev", "stddev_samp")
    spread = max(second - mean**2, Fraction(0)) / 4 * measure.value.scale**2
    if sample:
        if rows < 2:
            return Estimate(None, 0.0)
        spread = spread * rows / (rows - 1)
    one, two = noise[0].deviation(), noise[1].deviation()
    unit = float(measure.value.scale) ** 2 / 4 / float(rows)
    sd = unit * ((2 * abs(float(mean)) * one) ** 2 + two**2) ** 0.5
    if function.startswith("stddev"):
        root = Fraction(float(spread) ** 0.5)
        return Estimate(root, sd / (2 * float(root)) if root else sd**0.5)
    return Estimate(spread, sd)
