"""What an answer costs, exactly, and what a sum of costs means as (epsilon, delta).

A cost is additive under adaptive composition in up to three ways at once, each a proven privacy filter:

- `rho`: zero-concentrated DP (Bun and Steinke, arXiv 1605.02065; filter: Whitehouse et al., arXiv 2203.05481);
- `mu_squared`: Gaussian DP (Dong, Roth and Su, arXiv 1905.02383; filter: Smith and Thakurta, arXiv 2210.17520), the
  tighter one where most noise is Gaussian;
- `epsilon`: pure DP, where every mechanism has it (filter: Rogers et al., arXiv 1605.08294).

`delta` is what approximate steps (a threshold on private group keys) add. A part that a mechanism lacks is None, and
None absorbs. Conversions are upper bounds by integer arithmetic with directed rounding; `neighbours` differ in all rows
of one privacy unit.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import reduce
from typing import Literal, TypeAlias

from guard.anonymize.dp import convert, real
from guard.errors import UsageError
from guard.model import Value

Notion: TypeAlias = Literal["gdp", "zcdp", "pure"]

# The discrete Gaussian with variance s2 lies within a factor of 1 +- 2**-80 of a post-processed continuous Gaussian
# with variance s2 - SMOOTHING, at every point (see `Cost.gaussian`).
SMOOTHING = 3
BITS = 96  # of the precision to which irrational costs are rounded up
NONE = Fraction(0)


class Cost(Value, frozen=True):
    """What one answer, or many, cost. The empty cost is free."""

    rho: Fraction = NONE
    mu_squared: Fraction | None = NONE
    epsilon: Fraction | None = NONE
    delta: Fraction = NONE

    def __post_init__(self) -> None:
        parts = (self.rho, self.mu_squared, self.epsilon, self.delta)
        if any(part is not None and (type(part) is not Fraction or part < 0) for part in parts):
            raise UsageError("a cost is not a number of at least 0, written as a fraction", help="give a Fraction")
        if self.delta > 1:
            raise UsageError("a delta is over 1", help="give a probability")

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            rho=self.rho + other.rho,
            mu_squared=_sum(self.mu_squared, other.mu_squared),
            epsilon=_sum(self.epsilon, other.epsilon),
            delta=min(Fraction(1), self.delta + other.delta),
        )

    @classmethod
    def gaussian(cls, sensitivity_squared: Fraction | int, sigma_squared: Fraction | int) -> Cost:
        """One vector with discrete Gaussian noise; `sensitivity_squared` is of its L2 norm, both on the same lattice.

        rho is Canonne, Kamath and Steinke's theorem 14. For Gaussian DP: draw x from a continuous Gaussian of variance
        `s2 - 3` about the true value, then an integer from the discrete Gaussian of variance 3 about x. By Poisson
        summation that is the discrete Gaussian of variance s2 but for a factor of 1 +- 4 exp(-6 pi**2) < 1 +- 2**-80 at
        each point, which `convert` pays for. Without that proof (`s2 <= 3`) the cost has no Gaussian part: refine
        the lattice (`mechanism.Gaussian`).

        Raises:
            UsageError: the variance is not positive, or the sensitivity negative.
        """
        squared, variance = Fraction(sensitivity_squared), Fraction(sigma_squared)
        if variance <= 0 or squared < 0:
            raise UsageError("noise of a Gaussian needs a positive variance", help="give a sigma above 0")
        mu_squared = squared / (variance - SMOOTHING) if variance > SMOOTHING else None
        return cls(rho=squared / (2 * variance), mu_squared=mu_squared, epsilon=None)

    @classmethod
    def pure(cls, epsilon: Fraction | int) -> Cost:
        """Any mechanism that is epsilon-DP, such as discrete Laplace noise with `epsilon = L1 sensitivity / scale`.

        `rho = epsilon**2 / 2` (Bun and Steinke, proposition 3.3), and never over epsilon, which bounds every Renyi
        divergence. Gaussian DP: the trade-off function of randomised response lies above that of the Gaussian with
        the same total variation distance, because the latter is convex (Dong, Roth and Su, section 2.4).

        Raises:
            UsageError: epsilon is negative.
        """
        epsilon = Fraction(epsilon)
        if epsilon < 0:
            raise UsageError("an epsilon is negative", help="give an epsilon above 0")
        mu_squared = convert.mu_squared_of_pure(epsilon, BITS)
        return cls(rho=min(epsilon**2 / 2, epsilon), mu_squared=mu_squared, epsilon=epsilon)

    @classmethod
    def exponential(cls, epsilon: Fraction | int) -> Cost:
        """The exponential mechanism, `P ~ exp(epsilon * score / (2 * sensitivity))`.

        Its privacy loss has a range of epsilon, so `rho = epsilon**2 / 8` (Cesar and Rogers, arXiv 2004.07223).
        """
        pure = cls.pure(epsilon)
        assert pure.epsilon is not None
        rho = min(pure.epsilon**2 / 8, pure.epsilon)
        return cls(rho=rho, mu_squared=pure.mu_squared, epsilon=pure.epsilon)

    @classmethod
    def approximate(cls, delta: Fraction) -> Cost:
        """A step that fails to be private with probability at most `delta`, such as a threshold on group keys."""
        return cls(delta=Fraction(delta))

    def epsilon_at(self, delta: Fraction, notion: Notion = "gdp") -> Fraction | None:
        """An upper bound of the epsilon that holds with `delta` in total; None where this notion bounds none."""
        if self.delta > delta:
            return None
        if notion == "pure" or self.rho == 0:
            return self.epsilon
        if self.delta == delta:
            return self.epsilon
        if notion == "gdp":
            return None if self.mu_squared is None else convert.epsilon_of_gdp(self.mu_squared, delta - self.delta)
        return convert.epsilon_of_zcdp(self.rho, delta - self.delta)

    def least_epsilon(self, delta: Fraction) -> Fraction | None:
        """The smallest of the proven epsilons."""
        notions: tuple[Notion, ...] = ("gdp", "zcdp", "pure")
        found = [epsilon for notion in notions if (epsilon := self.epsilon_at(delta, notion)) is not None]
        return min(found) if found else None

    def rounded_up(self, bits: int = BITS) -> Cost:
        """The same cost on a grid of `2**-bits`, never less, so that sums of many stay short."""
        return Cost(
            rho=_up(self.rho, bits),
            mu_squared=None if self.mu_squared is None else _up(self.mu_squared, bits),
            epsilon=None if self.epsilon is None else _up(self.epsilon, bits),
            delta=min(Fraction(1), _up(self.delta, bits)),
        )


def total(costs: list[Cost]) -> Cost:
    """The cost of all of them, whatever the order, also when later ones were chosen by the answers of earlier ones."""
    return reduce(Cost.__add__, costs, Cost())


class Limit(Value, frozen=True):
    """What may be spent: (epsilon, delta), of which `key_delta` is kept for thresholds on private group keys.

    The notion is chosen beforehand and never by the data. `delta = 0` is pure DP. Beside the notion the plain sum of
    epsilons always counts: a total within `epsilon` is admitted whatever the notion makes of it, so that a few answers
    with Laplace noise do not look dearer than they are.

    Why either of two filters may admit: sums only grow, so each course of questions and answers ends within the one or
    within the other. The courses of the first kind are as likely as under the first filter alone, the rest at most as
    likely as under the second; (epsilon, 0) and (epsilon, delta) over a partition add up to (epsilon, delta).
    """

    epsilon: Fraction
    delta: Fraction = NONE
    key_delta: Fraction = NONE
    notion: Notion = "gdp"

    def __post_init__(self) -> None:
        if not 0 < self.epsilon <= convert.MAX_EPSILON:
            raise UsageError(
                f"the epsilon of a budget is not in (0, {convert.MAX_EPSILON}]", help="sensible budgets are under 20"
            )
        if not 0 <= self.key_delta <= self.delta < 1:
            raise UsageError(
                "a budget needs `0 <= key_delta <= delta < 1`", help="delta is far under one over the number of units"
            )
        if self.notion != "pure" and self.key_delta == self.delta:
            raise UsageError(
                f"a budget in `{self.notion}` needs a delta of its own", help="set delta, or use the notion `pure`"
            )

    @classmethod
    def of(cls, epsilon: Decimal, delta: Decimal, *, key_share: Decimal = Decimal(0), notion: Notion = "gdp") -> Limit:
        """The limit as the configuration writes it: `key_share` is the share of delta that thresholds may use."""
        return cls(Fraction(epsilon), Fraction(delta), Fraction(delta) * Fraction(key_share), notion)

    def capacity(self) -> Cost:
        """The largest cost that is admitted; a part that the notion does not count is None or follows from it."""
        share = self.delta - self.key_delta
        if self.notion == "pure":
            return Cost(rho=self.epsilon, mu_squared=None, epsilon=self.epsilon, delta=self.delta)
        if self.notion == "gdp":
            most = convert.mu_squared_within(self.epsilon, share)
            return Cost(rho=most / 2, mu_squared=most, epsilon=None, delta=self.key_delta)
        return Cost(rho=convert.rho_within(self.epsilon, share), mu_squared=None, epsilon=None, delta=self.key_delta)

    def admits(self, spent: Cost) -> bool:
        """Whether this much in total stays within the limit. Looks at nothing but costs."""
        room = self.capacity()
        within = _within(spent.epsilon, self.epsilon) or _within(self._counted(spent), self._counted(room))
        return spent.delta <= room.delta and within

    def epsilon_of(self, spent: Cost) -> Fraction | None:
        """The epsilon of a total at this limit's delta: by its notion or by the plain sum, whichever is less."""
        found = [each for each in (spent.epsilon_at(self.delta, self.notion), spent.epsilon) if each is not None]
        return min(found) if found and spent.delta <= self.delta else None

    def counts(self, cost: Cost) -> bool:
        """Whether a cost has a part in this notion: Gaussian noise has none in `pure`, narrow one none in `gdp`."""
        return self._counted(cost) is not None

    def share_spent(self, spent: Cost) -> Fraction:
        """How much of the limit is gone, 0 to 1 and over it."""
        room = self.capacity()
        pairs = ((self._counted(spent), self._counted(room)), (spent.epsilon, self.epsilon))
        shares = [part / most for part, most in pairs if part is not None and most is not None]
        if not shares:
            return Fraction(1)
        keys = spent.delta / room.delta if room.delta else Fraction(1 if spent.delta else 0)
        return max(min(shares), keys)

    def _counted(self, cost: Cost) -> Fraction | None:
        return {"gdp": cost.mu_squared, "zcdp": cost.rho, "pure": cost.epsilon}[self.notion]


def gaussian_variance(cost: Fraction, sensitivity_squared: Fraction | int) -> Fraction:
    """The variance at which a vector of this L2 sensitivity costs `rho = cost`."""
    if cost <= 0:
        raise UsageError("noise for no cost does not exist", help="give a rho above 0")
    return Fraction(sensitivity_squared) / (2 * cost)


def _within(part: Fraction | None, most: Fraction | None) -> bool:
    return part is not None and most is not None and part <= most


def _sum(a: Fraction | None, b: Fraction | None) -> Fraction | None:
    return None if a is None or b is None else a + b


def _up(x: Fraction, bits: int) -> Fraction:
    return Fraction(real.ceil_at(x, bits), 1 << bits)
