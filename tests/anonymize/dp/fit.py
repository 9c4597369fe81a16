"""Goodness of fit against exact mass functions, with a false alarm in fewer than 10**-9 of runs.

The chi-squared law is an approximation, so cells hold 50 draws at least and the line is drawn at 10**-12.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

from scipy.stats import chi2

LINE = 1e-12
LEAST = 50


def p_value(draws: Sequence[int], mass: Callable[[int], float]) -> float:
    """How likely draws at least this far from `mass` are, if they come from it."""
    n, counts = len(draws), Counter(draws)
    spread = max(abs(x) for x in counts)
    statistic, cells, seen, expected = 0.0, 0, 0, 0.0
    all_seen, all_expected = 0, 0.0
    for x in range(-spread, spread + 1):
        seen, expected = seen + counts[x], expected + n * mass(x)
        all_seen, all_expected = all_seen + counts[x], all_expected + n * mass(x)
        if expected >= LEAST and n - all_expected >= LEAST:
            statistic, cells = statistic + (seen - expected) ** 2 / expected, cells + 1
            seen, expected = 0, 0.0
    seen, expected = seen + n - all_seen, expected + n - all_expected  # the rest, to infinity
    if expected < 1e-6:  # the mass ends here
        return 0.0 if seen else float(chi2.sf(statistic, cells - 1))
    statistic += (seen - expected) ** 2 / expected
    return float(chi2.sf(statistic, cells))


def same(first: Sequence[int], second: Sequence[int]) -> float:
    """How likely two samples differ at least this much, if they come from one distribution."""
    a, b = Counter(first), Counter(second)
    share = len(first) / (len(first) + len(second))
    statistic, cells, left, right = 0.0, -1, 0, 0
    for x in sorted(a.keys() | b.keys()):
        left, right = left + a[x], right + b[x]
        both = left + right
        if both * min(share, 1 - share) >= LEAST:
            statistic += (left - both * share) ** 2 / (both * share * (1 - share))
            cells, left, right = cells + 1, 0, 0
    return float(chi2.sf(statistic, cells))


def laplace_mass(scale: float) -> Callable[[int], float]:
    """P(x) of the discrete Laplace distribution."""
    q = math.exp(-1 / scale)
    return lambda x: (1 - q) / (1 + q) * q ** abs(x)


def gaussian_mass(sigma_squared: float) -> Callable[[int], float]:
    """P(x) of the discrete Gaussian distribution."""
    wide = int(12 * math.sqrt(sigma_squared)) + 12
    whole = math.fsum(math.exp(-x * x / (2 * sigma_squared)) for x in range(-wide, wide + 1))
    return lambda x: math.exp(-x * x / (2 * sigma_squared)) / whole
