"""Quantiles by the exponential mechanism over integer candidates, sampled exactly.

The score of a candidate c for the quantile p/d is minus the distance `|(d - p) * below(c) - p * above(c)|` (Smith,
*Privacy-preserving statistical estimation*, STOC 2011): an integer, so each probability is a power of one number, and
the draw compares a uniform number with bounds of the sums of these powers, finer until it is decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, pairwise

from guard.anonymize.dp import real
from guard.anonymize.dp.chance import Buffered, ByteSource
from guard.errors import UsageError

MAX_CANDIDATES = 1 << 20
START_BITS = 192  # of precision at the first try
MAX_DENOMINATOR = 10_000

# Minimum and maximum are asked as the quantiles next to them: at 1 itself every candidate beyond all values would be as
# good as the largest value, and the answer would say nothing.
END = Fraction(199, 200)


def quantile(
    counts: Sequence[int], candidates: Sequence[int], q: Fraction, *, epsilon: Fraction, rows_per_unit: int = 1
) -> int:
    """A candidate near the q-quantile of a multiset of candidates; costs `Cost.exponential(epsilon)`.

    Args:
        counts: how many rows have the value of each candidate, after all values were moved into the domain and each
            unit was limited to `rows_per_unit` rows.
        candidates: the public domain, strictly ascending.
        q: which quantile, 0 to 1.
        epsilon: of the answer, for neighbours that differ in all rows of one unit.
        rows_per_unit: at most this many rows come from one unit.

    Raises:
        UsageError: lengths differ, the domain is empty, unordered or too large, or a number is out of range.
    """
    if len(counts) != len(candidates) or not candidates or len(candidates) > MAX_CANDIDATES:
        raise UsageError(
            f"a quantile needs 1 to {MAX_CANDIDATES} candidates with a count each", help="coarsen the domain"
        )
    if any(a >= b for a, b in pairwise(candidates)):
        raise UsageError("the candidates of a quantile are not strictly ascending", help="sort them, each once")
    scores = quantile_scores(counts, q)
    chosen = choose(scores, epsilon=epsilon, sensitivity=score_sensitivity(q, rows_per_unit))
    return candidates[chosen]


def quantile_scores(counts: Sequence[int], q: Fraction) -> list[int]:
    """The score of each candidate, at most 0."""
    p, d = _check_q(q)
    if any(count < 0 for count in counts):
        raise UsageError("a count is negative", help="give the number of rows of each candidate")
    rows = sum(counts)
    scores = []
    for upto, here in zip(accumulate(counts), counts, strict=True):
        below, above = upto - here, rows - upto
        scores.append(-_outside((d - p) * below - p * above, p * here, (d - p) * here))
    return scores


def _outside(balance: int, fewer: int, more: int) -> int:
    """How far a candidate is from the quantile when the rows at it may be counted on either side."""
    # With j of its rows below and the rest above the balance moves by (d-p) j - p (here-j): from -fewer to +more.
    if balance - fewer > 0:
        return balance - fewer
    return max(0, -(balance + more))


def score_sensitivity(q: Fraction, rows_per_unit: int = 1) -> int:
    """How much a score changes when all rows of a unit come or go."""
    p, d = _check_q(q)
    if rows_per_unit < 1:
        raise UsageError("a unit has at least one row", help="give 1 or more rows per unit")
    return rows_per_unit * max(p, d - p)


def choose(scores: Sequence[int], *, epsilon: Fraction, sensitivity: int, weights: Sequence[int] | None = None) -> int:
    """An index with probability proportional to `weight * exp(epsilon * score / (2 * sensitivity))`, exactly.

    Raises:
        UsageError: no scores, or a number that is not positive.
    """
    return draw_index(scores, epsilon / (2 * _positive(sensitivity)), weights or [1] * len(scores), Buffered())


def draw_index(scores: Sequence[int], step: Fraction, weights: Sequence[int], source: ByteSource) -> int:
    """`choose` from given bytes, for tests; `step` is the exponent of one point of score."""
    if not scores or len(weights) != len(scores) or min(weights) < 0 or not any(weights):
        raise UsageError("there is nothing to choose from", help="give candidates with a positive weight")
    if step <= 0:
        raise UsageError("an epsilon is not positive", help="give an epsilon above 0")
    best = max(score for score, weight in zip(scores, weights, strict=True) if weight)
    distances = [best - score if weight else None for score, weight in zip(scores, weights, strict=True)]
    bits, drawn_bits, drawn = START_BITS, 0, 0
    while True:
        powers = _powers({distance for distance in distances if distance is not None}, step, bits)
        lows, highs = [0], [0]
        for distance, weight in zip(distances, weights, strict=True):
            low, high = (0, 0) if distance is None else powers[distance]
            lows.append(lows[-1] + weight * low)
            highs.append(highs[-1] + weight * high)
        drawn = drawn << (bits - drawn_bits) | int.from_bytes(source((bits - drawn_bits) // 8), "big")
        drawn_bits = bits
        found = _interval(drawn, bits, lows, highs)
        if found is not None:
            return found
        bits *= 2


def _interval(drawn: int, bits: int, lows: list[int], highs: list[int]) -> int | None:
    """The index whose share of the whole surely holds every number that begins with `drawn`, if one does."""
    # u lies in [drawn, drawn + 1) * 2**-bits; index i is chosen where sum(i) / whole <= u < sum(i + 1) / whole.
    first, last = drawn * lows[-1] >> bits, -(-(drawn + 1) * highs[-1] >> bits)
    low, high = 0, len(lows) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if highs[middle] <= first:
            low = middle
        else:
            high = middle
    return low if highs[low] <= first and last <= lows[low + 1] else None


def _powers(distances: set[int], step: Fraction, bits: int) -> dict[int, real.Bounds]:
    """Bounds of `exp(-step * distance)`, each from the one before when they are near."""
    found: dict[int, real.Bounds] = {}
    before, low, high = 0, 1 << bits, 1 << bits
    ratios: dict[int, real.Bounds] = {}
    for distance in sorted(distances):
        if high > 1 or distance == 0:
            gap = distance - before
            if gap not in ratios:
                ratios[gap] = _power(step * gap, bits)
            low, high = low * ratios[gap][0] >> bits, -(-high * ratios[gap][1] >> bits)
        found[distance] = (low, high)
        before = distance
    return found


@lru_cache(maxsize=4096)
def _power(exponent: Fraction, bits: int) -> real.Bounds:
    return real.exp(-exponent, bits)


def _check_q(q: Fraction) -> tuple[int, int]:
    """Numerator and denominator; the very ends are moved in, see `END`."""
    if not 0 <= q <= 1 or q.denominator > MAX_DENOMINATOR:
        raise UsageError(
            f"a quantile is not in [0, 1] with a denominator up to {MAX_DENOMINATOR}", help="the median is 1/2"
        )
    inner = min(max(q, 1 - END), END)
    return inner.numerator, inner.denominator


def _positive(number: int) -> int:
    if number <= 0:
        raise UsageError("a sensitivity is not positive", help="give 1 or more")
    return number
