"""How far off the rank of a quantile may be, for people: floats, which are no part of the answer."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from guard.anonymize.dp.quantile import END, score_sensitivity

OUTSIDE: Final = 0.05  # how often a rank may be off by more than is said


def rank_error(q: Fraction, candidates: int, *, epsilon: Fraction, rows_per_unit: int = 1) -> int:
    """By how many rows the rank of a `quantile` is off at most, with 95 %.

    A score that is `2 * sensitivity / epsilon * (ln(candidates) + t)` under the best is chosen with a chance of
    `exp(-t)` at most (McSherry and Talwar, FOCS 2007); a row of rank is as many points of score as the denominator has.
    """
    inner = min(max(q, 1 - END), END)
    step = 2 * score_sensitivity(q, rows_per_unit) / epsilon
    return math.ceil(float(step) * math.log(candidates / OUTSIDE) / inner.denominator)
