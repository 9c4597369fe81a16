"""diffprivlib's mechanisms, as far as they are sound; anything else raises, with the reason.

Measured on diffprivlib 0.6.6 (`python -m bench dp-precision` measures its Laplace in the same run): mechanisms on
floats tell neighbouring databases apart by single outputs (a fifth of the draws of Laplace at epsilon 1), and
`Geometric` loses its noise at large values, because it computes in floats. Inside the windows below the error is under
`HIDDEN_DELTA`, which each draw is charged. guard's own samplers (`sampler`) have no window; this adapter is for
programs that name a mechanism of diffprivlib. It is imported on first use (extra `guard[dp]`).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from guard.anonymize.dp.account import Cost
from guard.errors import UsageError
from guard.model import Value

MAX_VALUE = 1 << 50  # of Geometric: beyond it the float grid swallows the noise
MAX_RATIO = 1 << 13  # of Geometric: sensitivity / epsilon
MAX_GAUSSIAN_SENSITIVITY = 100  # of GaussianDiscrete: beyond it the search for its scale fails or takes seconds
MAX_UTILITY = 1 << 30  # of PermuteAndFlip: differences of such numbers are exact in floats
HIDDEN_DELTA = Fraction(1, 1 << 39)  # 2**-53 * MAX_RATIO, twice
SCALE_ERROR = Fraction(1, 100_000)  # relative, of the scale that GaussianDiscrete finds by bisection

_FLOAT = "it adds noise to floats, and single outputs prove which database was asked"
_REFUSED = {
    "Laplace": _FLOAT,
    "LaplaceBoundedDomain": _FLOAT,
    "LaplaceBoundedNoise": _FLOAT,
    "LaplaceFolded": _FLOAT,
    "LaplaceTruncated": _FLOAT,
    "Gaussian": _FLOAT,
    "GaussianAnalytic": _FLOAT,
    "Staircase": "it adds noise to floats from a generator that is not cryptographic",
    "Snapping": "its scaling by floats is outside its proof",
    "Uniform": _FLOAT,
    "Vector": _FLOAT,
    "Bingham": _FLOAT,
    "Exponential": "its probabilities are rounded floats; `guard.dp.quantile` and `top_k` are exact",
    "ExponentialCategorical": "its probabilities are rounded floats",
    "ExponentialHierarchical": "its probabilities are rounded floats",
    "GeometricFolded": "its bounds are not checked against the window",
    "GeometricTruncated": "its bounds are not checked against the window",
}


class UnsoundMechanismError(UsageError):
    """A mechanism was asked for outside the window in which it keeps what it claims."""

    code = "unsound-mechanism"


class Provided(Value, frozen=True):
    """A mechanism inside its window: what one draw costs, and the draw."""

    name: str
    cost: Cost
    randomise: Callable[..., Any]


def geometric(*, epsilon: Fraction, sensitivity: int = 1) -> Provided:
    """`Geometric` for integers of magnitude under 2**50 and `sensitivity / epsilon <= 2**13`.

    Raises:
        UnsoundMechanismError: outside that.
    """
    _positive(epsilon, sensitivity)
    if Fraction(sensitivity) / epsilon > MAX_RATIO:
        raise UnsoundMechanismError(
            f"diffprivlib's `Geometric` is sound for a sensitivity over epsilon up to {MAX_RATIO}", help=_OWN
        )
    mechanism = _mechanisms().Geometric(epsilon=float(epsilon), sensitivity=sensitivity)

    def randomise(value: int) -> int:
        if type(value) is not int or abs(value) >= MAX_VALUE:
            raise UnsoundMechanismError("diffprivlib's `Geometric` is sound for integers under 2**50", help=_OWN)
        return int(mechanism.randomise(value))

    return Provided("Geometric", Cost.pure(_over(epsilon)) + Cost.approximate(HIDDEN_DELTA), randomise)


def gaussian_discrete(*, epsilon: Fraction, delta: Fraction, sensitivity: int = 1) -> Provided:
    """`GaussianDiscrete` for a sensitivity up to 100; charged by the scale that it finds.

    Raises:
        UnsoundMechanismError: a larger sensitivity.
    """
    _positive(epsilon, sensitivity)
    if sensitivity > MAX_GAUSSIAN_SENSITIVITY:
        raise UnsoundMechanismError(
            f"diffprivlib's `GaussianDiscrete` is sound for a sensitivity up to {MAX_GAUSSIAN_SENSITIVITY}", help=_OWN
        )
    mechanism = _mechanisms().GaussianDiscrete(epsilon=float(epsilon), delta=float(delta), sensitivity=sensitivity)
    sigma = Fraction(float(mechanism._scale)) * (1 - SCALE_ERROR)  # noqa: SLF001 - it publishes no other way

    def randomise(value: int) -> int:
        if type(value) is not int or abs(value) >= MAX_VALUE:
            raise UnsoundMechanismError("diffprivlib's `GaussianDiscrete` is sound for integers under 2**50", help=_OWN)
        return int(mechanism.randomise(value))

    cost = Cost.gaussian(sensitivity * sensitivity, sigma * sigma) + Cost.approximate(HIDDEN_DELTA)
    return Provided("GaussianDiscrete", cost, randomise)


def permute_and_flip(*, epsilon: Fraction, sensitivity: int, utility: list[int], monotonic: bool = False) -> Provided:
    """`PermuteAndFlip` over integer utilities under 2**30; the draw is an index.

    Raises:
        UnsoundMechanismError: utilities that floats cannot tell apart.
    """
    _positive(epsilon, sensitivity)
    if not utility or any(type(u) is not int or abs(u) > MAX_UTILITY for u in utility):
        raise UnsoundMechanismError("diffprivlib's `PermuteAndFlip` is sound for integers up to 2**30", help=_OWN)
    mechanism = _mechanisms().PermuteAndFlip(
        epsilon=float(epsilon), sensitivity=sensitivity, utility=utility, monotonic=monotonic
    )

    def randomise() -> int:
        return int(mechanism.randomise())

    return Provided("PermuteAndFlip", Cost.pure(_over(epsilon)) + Cost.approximate(HIDDEN_DELTA), randomise)


def binary(*, epsilon: Fraction, value0: str, value1: str) -> Provided:
    """`Binary`: randomised response between two values."""
    _positive(epsilon, 1)
    mechanism = _mechanisms().Binary(epsilon=float(epsilon), value0=value0, value1=value1)

    def randomise(value: str) -> str:
        return str(mechanism.randomise(value))

    return Provided("Binary", Cost.pure(_over(epsilon)) + Cost.approximate(HIDDEN_DELTA), randomise)


_OFFERED: dict[str, Callable[..., Provided]] = {
    "Binary": binary,
    "GaussianDiscrete": gaussian_discrete,
    "Geometric": geometric,
    "PermuteAndFlip": permute_and_flip,
}


def mechanism(name: str, **parameters: Any) -> Provided:
    """A mechanism by diffprivlib's name; parameters as its function here takes them, never a `random_state`.

    Raises:
        UnsoundMechanismError: this mechanism is never sound, or these parameters are outside its window.
        UsageError: there is no such mechanism, or a parameter is not its own.
    """
    if name in _REFUSED:
        raise UnsoundMechanismError(f"diffprivlib's `{name}` is not used: {_REFUSED[name]}", help=_OWN)
    offered = _OFFERED.get(name)
    if offered is None:
        raise UsageError(f"diffprivlib has no mechanism `{name}`", help=f"sound ones: {', '.join(sorted(_OFFERED))}")
    try:
        return offered(**parameters)
    except TypeError:
        raise UsageError(f"`{name}` is called with parameters that it does not take", help="see its function") from None


_OWN = "use guard.dp or guard.anonymize.dp.sampler, which are exact at any scale"


def _over(epsilon: Fraction) -> Fraction:
    """What the mechanism really uses: the float of epsilon, which may be the larger one."""
    return max(epsilon, Fraction(float(epsilon)))


def _positive(epsilon: Fraction, sensitivity: int) -> None:
    if type(epsilon) not in {Fraction, int} or type(sensitivity) is not int or epsilon <= 0 or sensitivity <= 0:
        raise UsageError("epsilon and sensitivity are positive exact numbers", help="give a Fraction and an integer")


def _mechanisms() -> Any:
    try:
        from diffprivlib import mechanisms
    except ImportError:
        raise UsageError(
            "diffprivlib cannot be imported", help="install guard[dp]; it needs scikit-learn below 1.9"
        ) from None
    return mechanisms


_MODELS = frozenset(
    {
        "DecisionTreeClassifier",
        "GaussianNB",
        "KMeans",
        "LinearRegression",
        "LogisticRegression",
        "PCA",
        "RandomForestClassifier",
        "StandardScaler",
    }
)
MODEL_LIMITS = (
    "diffprivlib's models draw float noise, treat the number of rows as public, protect one row and not one person, "
    "and are not charged to guard's ledger"
)


def model(name: str, *, accept: str) -> Any:
    """The class of one of diffprivlib's models, for who has read `MODEL_LIMITS` and passes it as `accept`.

    Raises:
        UsageError: the limits were not accepted in so many words, or there is no such model.
    """
    if name not in _MODELS:
        raise UsageError(f"diffprivlib has no model `{name}`", help=f"one of {', '.join(sorted(_MODELS))}")
    if accept != MODEL_LIMITS:
        raise UsageError(f"the limits of `{name}` are not accepted", help=f"pass accept={MODEL_LIMITS!r}")
    try:
        from diffprivlib import models
    except ImportError:
        raise UsageError(
            "diffprivlib cannot be imported", help="install guard[dp]; it needs scikit-learn below 1.9"
        ) from None
    return getattr(models, name)
