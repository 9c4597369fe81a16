"""The tightest report of what was spent: privacy loss distributions by dp-accounting (extra `guard[dp]`).

It reports and never admits: its numbers are floats, and it knows no filter for mechanisms chosen as one goes. For a
fixed list of mechanisms its pessimistic estimate is an upper bound up to the float error of its convolutions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Literal

from guard.anonymize.dp.account import Cost
from guard.errors import UsageError
from guard.model import Value

MAX_SENSITIVITY = 100_000  # of a discrete mechanism in whole steps; its distribution has that many points
COARSEST = 1e-3  # grid of the privacy loss; each mechanism rounds its loss up to it
FINEST = 1e-5
LATTICE = 64  # steps of a Gaussian's sensitivity
ERROR = 0.01  # of epsilon by that rounding, where `FINEST` allows


class Spend(Value, frozen=True):
    """One mechanism: integer noise of this scale (Laplace) or variance (Gaussian) on a sum of this sensitivity."""

    kind: Literal["laplace", "gaussian"]
    parameter: Fraction
    sensitivity: int = 1


def epsilon(spends: Sequence[Spend], delta: Fraction) -> float:
    """Epsilon at `delta` of all of them together.

    Raises:
        UsageError: dp-accounting is not installed, or a mechanism is beyond its sizes.
    """
    if not spends:
        return 0.0
    composed: Any = None
    grid = max(FINEST, min(COARSEST, ERROR / len(spends)))
    for spend, times in Counter(spends).items():
        one = _distribution(spend, grid).self_compose(times)
        composed = one if composed is None else composed.compose(one)
    return float(composed.get_epsilon_for_delta(float(delta)))


def epsilon_of_costs(costs: Sequence[Cost], delta: Fraction) -> float | None:
    """Epsilon at `delta` of charges as the ledger holds them; None where one has no bound that a distribution knows.

    Whatever is epsilon-DP is dominated by randomised response, which is discrete Laplace noise of scale 1/epsilon on a
    sum of sensitivity 1; whatever is `mu`-Gaussian DP by a Gaussian of sensitivity `mu`, here on a fine lattice. What
    failed with a probability of its own (thresholds on keys) is taken off `delta`.
    """
    left = delta - sum((cost.delta for cost in costs), Fraction(0))
    spends = []
    for cost in costs:
        if cost.epsilon is not None:
            spends += [Spend("laplace", 1 / cost.epsilon)] if cost.epsilon else []
        elif cost.mu_squared is not None:
            spends.append(Spend("gaussian", LATTICE**2 / cost.mu_squared, LATTICE))
        else:
            return None
    return None if left <= 0 else epsilon(spends, left)


def _distribution(spend: Spend, grid: float) -> Any:
    try:
        from dp_accounting.pld import privacy_loss_distribution as pld
    except ImportError:
        raise UsageError("dp-accounting is not installed", help="install guard[dp]") from None
    if not 1 <= spend.sensitivity <= MAX_SENSITIVITY or spend.parameter <= 0:
        raise UsageError(f"a sensitivity is not in 1 to {MAX_SENSITIVITY}", help="report on a coarser lattice")
    if spend.kind == "laplace":
        return pld.from_discrete_laplace_mechanism(
            float(1 / spend.parameter), sensitivity=spend.sensitivity, value_discretization_interval=grid
        )
    return pld.from_discrete_gaussian_mechanism(
        float(spend.parameter) ** 0.5, sensitivity=spend.sensitivity, value_discretization_interval=grid
    )
