"""Bounds that nobody declared: of values, and of how much one unit may contribute, found from noisy histograms.

Each histogram is charged by itself (`Laplace.cost`) and every unit moves it by a known amount; what is computed from
the noisy numbers is post-processing and free. Choosing the contribution bound well is worth more than any accountant: a
bound too low drops data, a bound too high buys noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

from guard.anonymize.dp.mechanism import Laplace
from guard.errors import UsageError
from guard.model import Value

MAX_MAGNITUDE = 63  # bits of a value on its lattice
BINS = 2 * MAX_MAGNITUDE + 1
FALSE_ALARM = 1e-3  # probability that an empty bin looks full, over all bins


class ValueBounds(Value, frozen=True):
    """Bounds of values on their lattice, the price, and how many rows are (noisily) outside them."""

    low: int
    high: int
    mechanism: Laplace
    outside: int


def bin_of(value: int) -> int:
    """The bin of a value by sign and number of bits: 0 is in the middle, and outer bins take what is beyond them."""
    size = min(abs(value).bit_length(), MAX_MAGNITUDE)
    return MAX_MAGNITUDE - size if value < 0 else MAX_MAGNITUDE + size


def find_value_bounds(tally: Sequence[int], *, epsilon: Fraction, rows_per_unit: int) -> ValueBounds | None:
    """The least powers of two that hold every bin which is surely not empty; None when no bin is.

    Args:
        tally: rows in each of the `BINS` bins of `bin_of`, after each unit was limited to `rows_per_unit` rows.
        epsilon: what it costs, by pure DP.
        rows_per_unit: at most this many rows come from one unit.
    """
    if len(tally) != BINS:
        raise UsageError(f"a tally of magnitudes has not {BINS} bins", help="count rows by `bin_of`")
    mechanism = Laplace(rows_per_unit, epsilon)
    noisy = mechanism.add(tally)
    full = least_full(mechanism.scale)
    found = [i for i, count in enumerate(noisy) if count >= full]
    if not found:
        return None
    low, high = _edge(found[0], upper=False), _edge(found[-1], upper=True)
    outside = sum(noisy[: found[0]]) + sum(noisy[found[-1] + 1 :])
    return ValueBounds(low, high, mechanism, max(0, outside))


def least_full(scale: Fraction) -> int:
    """The least noisy number of rows at which a bin counts as not empty: `P(noise >= m) <= exp(-m / scale)`."""
    return math.ceil(float(scale) * math.log(BINS / FALSE_ALARM))


def _edge(index: int, *, upper: bool) -> int:
    size = index - MAX_MAGNITUDE
    if size == 0:
        return 0
    if size > 0:
        return (1 << size) - 1 if upper else 1 << (size - 1)
    return -(1 << (-size - 1)) if upper else -((1 << -size) - 1)


class Choice(Value, frozen=True):
    """One possible bound and the error that an answer of one group would have: noise, and what the bound drops."""

    bound: int
    noise: float
    bias: float

    @property
    def error(self) -> float:
        """Their sum, which is what a user notices."""
        return self.noise + self.bias


class Advice(Value, frozen=True):
    """The best of the bounds by expected error, all of them, and the price of having looked."""

    best: Choice
    choices: tuple[Choice, ...]
    mechanism: Laplace


def tally_contributions(contributions: Sequence[int], most: int) -> list[int]:
    """How many units contribute 1, 2, ... `most` or more; units that contribute nothing are not counted."""
    tally = [0] * most
    for each in contributions:
        if each > 0:
            tally[min(each, most) - 1] += 1
    return tally


def advise_bound(
    tally: Sequence[int],
    *,
    epsilon: Fraction,
    groups: int,
    deviation: Callable[[int], float],
    amounts: Sequence[float] | None = None,
) -> Advice:
    """The contribution bound with the least expected error of one group.

    One unit is in one place of the tally, so adding or removing it changes one number by one: L1 sensitivity 1.

    Args:
        tally: units by contribution, as `tally_contributions` counts them.
        epsilon: what looking costs, by pure DP.
        groups: over how many groups what is dropped is spread.
        deviation: the expected absolute noise of one group when the bound is k.
        amounts: what place i stands for, ascending; 1, 2, 3 ... by default.
    """
    if not tally or groups < 1:
        raise UsageError("a contribution bound needs a tally and at least one group", help="count units first")
    places = list(amounts) if amounts is not None else [float(i + 1) for i in range(len(tally))]
    if len(places) != len(tally) or any(a >= b for a, b in pairwise(places)):
        raise UsageError("the amounts of a tally are not ascending, one for each place", help="sort them")
    mechanism = Laplace(1, epsilon)
    units = [max(0, count) for count in _settled(mechanism.add(tally), float(mechanism.scale))]
    choices = []
    for i, amount in enumerate(places):
        dropped = sum((place - amount) * count for place, count in zip(places[i:], units[i:], strict=True))
        choices.append(Choice(i + 1, deviation(i + 1), dropped / groups))
    best = min(choices, key=lambda choice: (choice.error, choice.bound))
    return Advice(best, tuple(choices), mechanism)


def _settled(noisy: list[int], scale: float) -> list[int]:
    """Without the far end of a tally where only noise is left: it would look like many large contributions."""
    floor = 2 * scale * math.log(len(noisy) + 1)
    last = max((i for i, count in enumerate(noisy) if count > floor), default=0)
    return noisy[: last + 1] + [0] * (len(noisy) - last - 1)
