"""Goodness of fit against exact mass functions, with a false alarm in fewer than 10**-12 of runs, proven.

The statistic is the relative entropy of what was drawn, whose tail has a bound that holds for every number of draws and
of cells (Agrawal, *Finite-Sample Concentration of the Multinomial in Relative Entropy*, IEEE Trans. Inf. Theory 66
(10), 2020): with k cells, `P(n KL >= x) <= exp(-x) (e x / (k - 1))**(k - 1)` for `x > k - 1`. The chi-squared law would
be an approximation, and it is worst far out, where the line is drawn.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

LINE = 1e-12
LEAST = 50  # draws expected in a cell: more cells see finer faults, and need larger ones


def p_value(draws: Sequence[int], mass: Callable[[int], float]) -> float:
    """At most this likely are draws at least this far from `mass`, if they come from it."""
    cells = _cells(draws, mass)
    if any(seen and expected < 1e-6 for seen, expected in cells):  # beyond where the mass ends
        return 0.0
    x = math.fsum(seen * math.log(seen / expected) for seen, expected in cells if seen)
    free = len(cells) - 1
    if x <= free:
        return 1.0
    return math.exp(min(0.0, free * (1 + math.log(x / free)) - x))


def _cells(draws: Sequence[int], mass: Callable[[int], float]) -> list[tuple[int, float]]:
    """Draws seen and expected in each cell of neighbours; the last cell is the rest, to infinity."""
    n, counts = len(draws), Counter(draws)
    spread = max(abs(x) for x in counts)
    cells: list[tuple[int, float]] = []
    seen, expected, all_seen, all_expected = 0, 0.0, 0, 0.0
    for x in range(-spread, spread + 1):
        seen, expected = seen + counts[x], expected + n * mass(x)
        all_seen, all_expected = all_seen + counts[x], all_expected + n * mass(x)
        if expected >= LEAST and n - all_expected >= LEAST:
            cells.append((seen, expected))
            seen, expected = 0, 0.0
    rest = seen + n - all_seen, expected + n - all_expected
    return [*cells, rest] if rest[0] or rest[1] >= 1e-6 else cells


def laplace_mass(scale: float) -> Callable[[int], float]:
    """P(x) of the discrete Laplace distribution."""
    q = math.exp(-1 / scale)
    return lambda x: (1 - q) / (1 + q) * q ** abs(x)


def gaussian_mass(sigma_squared: float) -> Callable[[int], float]:
    """P(x) of the discrete Gaussian distribution."""
    wide = int(12 * math.sqrt(sigma_squared)) + 12
    whole = math.fsum(math.exp(-x * x / (2 * sigma_squared)) for x in range(-wide, wide + 1))
    return lambda x: math.exp(-x * x / (2 * sigma_squared)) / whole
