"""Differentially private answers about Arrow tables, outside SQL.

Each function names the privacy unit (the column that says whose row it is, and how many rows of a unit count), public
bounds or keys, and an exact epsilon. `charge` is called with the cost before the table is looked at; when it raises,
nothing is read. `guard.open()` and SQL do all this by policy; here the caller decides.

    >>> import pyarrow as pa
    >>> from fractions import Fraction
    >>> visits = pa.table({"person": [1, 2, 2, 3], "hours": [4.0, 8.0, 8.0, 30.0]})
    >>> answer = count(visits, unit=Unit("person"), epsilon=Fraction(1))
    >>> answer.half_width
    Fraction(3, 1)
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any, TypeAlias

import pyarrow as pa

from guard.anonymize.dp import columns
from guard.anonymize.dp import quantile as exponential
from guard.anonymize.dp.account import Cost
from guard.anonymize.dp.bounds import Advice, advise_bound, find_value_bounds, tally_contributions
from guard.anonymize.dp.diffprivlib_window import model as contrib
from guard.anonymize.dp.mechanism import Gaussian, Laplace
from guard.errors import UsageError
from guard.model import Value

__all__ = [
    "Advice",
    "Answer",
    "Lattice",
    "Release",
    "Unit",
    "advise_rows",
    "contrib",
    "count",
    "find_lattice",
    "histogram",
    "marginals",
    "mean",
    "quantile",
    "sum",
    "top_k",
]

Charge: TypeAlias = Callable[[Cost], object]
MAX_CELLS = 1_000_000  # of a release


class Unit(Value, frozen=True):
    """Whose row it is, by a column, and how many rows of one unit count: the first ones in the order of the table."""

    column: str
    rows: int = 1


class Lattice(Value, frozen=True):
    """Public bounds of a column and the step between values that the answer tells apart."""

    low: Fraction
    high: Fraction
    step: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        if self.step <= 0 or self.low >= self.high or ((self.high - self.low) / self.step).denominator != 1:
            raise UsageError("bounds are not a whole number of steps apart", help="choose another step or bound")

    @property
    def steps(self) -> int:
        """How many steps lie between the bounds."""
        return int((self.high - self.low) / self.step)


class Answer(Value, frozen=True):
    """A noisy number, the half width of its 95 % interval (None where none is known), and what it cost."""

    value: Fraction
    half_width: Fraction | None
    cost: Cost


class Release(Value, frozen=True):
    """Noisy counts of cells with public keys; each count has the same 95 % half width."""

    names: tuple[str, ...]
    cells: tuple[tuple[Any, ...], ...]
    counts: tuple[int, ...]
    half_width: int
    cost: Cost

    def table(self) -> pa.Table:
        """One row for each cell; negative counts stand as they are, so that sums stay unbiased."""
        held = {name: [cell[i] for cell in self.cells] for i, name in enumerate(self.names)}
        return pa.table({**held, "count": list(self.counts)})


def count(table: pa.Table, *, unit: Unit, epsilon: Fraction, charge: Charge | None = None) -> Answer:
    """How many rows, at most `unit.rows` of each unit."""
    noise = Laplace(unit.rows, epsilon)
    _charge(charge, noise.cost)
    [noisy] = noise.add([columns.limited(table, unit.column, unit.rows).num_rows])
    return Answer(Fraction(noisy), Fraction(noise.half_width()), noise.cost)


def sum(  # noqa: A001 - the word of the field
    table: pa.Table,
    column: str,
    *,
    lattice: Lattice,
    unit: Unit,
    epsilon: Fraction,
    charge: Charge | None = None,
) -> Answer:
    """The sum of values that are moved into the bounds and rounded to the step; low must be a multiple of step."""
    low, step = lattice.low, lattice.step
    if (low / step).denominator != 1:
        raise UsageError("the lower bound is no multiple of the step", help="choose a bound on the lattice")
    largest = int(max(abs(low), abs(lattice.high)) / step)
    noise = Laplace(unit.rows * max(1, largest), epsilon)
    _charge(charge, noise.cost)
    steps = columns.lattice(
        columns.limited(table, unit.column, unit.rows), column, low=lattice.low, high=lattice.high, step=lattice.step
    )
    [noisy] = noise.add([int(steps.sum()) + len(steps) * int(low / step)])
    return Answer(noisy * step, noise.half_width() * step, noise.cost)


def mean(
    table: pa.Table,
    column: str,
    *,
    lattice: Lattice,
    unit: Unit,
    epsilon: Fraction,
    charge: Charge | None = None,
) -> Answer:
    """The mean over rows: a sum about the middle of the bounds and a count, with half of epsilon each."""
    half = epsilon / 2
    summing = Laplace(unit.rows * lattice.steps, half)
    counting = Laplace(unit.rows, half)
    cost = summing.cost + counting.cost
    _charge(charge, cost)
    steps = columns.lattice(
        columns.limited(table, unit.column, unit.rows), column, low=lattice.low, high=lattice.high, step=lattice.step
    )
    low, high, width = lattice.low, lattice.high, lattice.steps
    [centred] = summing.add([int((2 * steps - width).sum())])
    [counted] = counting.add([len(steps)])
    middle = Fraction(centred, max(1, counted)) * lattice.step / 2 + (low + high) / 2
    return Answer(min(max(middle, low), high), None, cost)


def quantile(
    table: pa.Table,
    column: str,
    q: Fraction,
    *,
    lattice: Lattice,
    unit: Unit,
    epsilon: Fraction,
    charge: Charge | None = None,
) -> Answer:
    """A point of the lattice near the q-quantile, by the exponential mechanism."""
    cost = Cost.exponential(epsilon)
    places = lattice.steps + 1
    if places > exponential.MAX_CANDIDATES:
        raise UsageError(f"a quantile has 1 to {exponential.MAX_CANDIDATES} candidates", help="choose a larger step")
    _charge(charge, cost)
    steps = columns.lattice(
        columns.limited(table, unit.column, unit.rows), column, low=lattice.low, high=lattice.high, step=lattice.step
    )
    tally = [0] * places
    for place in steps.tolist():
        tally[place] += 1
    chosen = exponential.quantile(tally, range(places), q, epsilon=epsilon, rows_per_unit=unit.rows)
    return Answer(lattice.low + chosen * lattice.step, None, cost)


def histogram(
    table: pa.Table,
    column: str,
    *,
    keys: Sequence[Any],
    unit: Unit,
    epsilon: Fraction,
    charge: Charge | None = None,
) -> Release:
    """Rows of each public key, at most `rows` of each unit in all: one vector of Laplace noise."""
    noise = Laplace(unit.rows, epsilon)
    _charge(charge, noise.cost)
    counts = columns.tally(columns.limited(table, unit.column, unit.rows), [column], [keys])
    cells = tuple((key,) for key in keys)
    return Release((column,), cells, tuple(noise.add(counts)), noise.half_width(), noise.cost)


def find_lattice(
    table: pa.Table,
    column: str,
    *,
    step: Fraction,
    unit: Unit,
    epsilon: Fraction,
    charge: Charge | None = None,
) -> tuple[Lattice | None, Cost]:
    """Bounds that nobody declared: the least powers of two of `step` about every magnitude that many rows surely have.

    From a noisy histogram of magnitudes, of which one unit moves `unit.rows` rows. None where no bin stands out. In one
    of a thousand columns a bin that is empty stands out, which makes the bounds wide and gives nothing away.
    """
    cost = Laplace(unit.rows, epsilon).cost
    _charge(charge, cost)
    tally = columns.magnitudes(columns.limited(table, unit.column, unit.rows), column, step)
    found = find_value_bounds(tally, epsilon=epsilon, rows_per_unit=unit.rows)
    if found is None:
        return None, cost
    return Lattice(found.low * step, max(found.high, found.low + 1) * step, step), cost


def advise_rows(
    table: pa.Table,
    unit: str,
    *,
    most: int,
    epsilon: Fraction,
    answer_epsilon: Fraction,
    charge: Charge | None = None,
) -> Advice:
    """How many rows of a unit to count, up to `most`, for the least error of a count at `answer_epsilon`.

    Too few drop rows, more buy noise: `Advice.choices` holds both for each number, `Advice.best` the least sum. From a
    noisy histogram of units by their rows, which `epsilon` pays for.
    """
    if most < 1:
        raise UsageError("a unit has at least one row", help="consider 1 or more rows per unit")
    _charge(charge, Laplace(1, epsilon).cost)
    tally = tally_contributions(columns.contributions(table, unit), most)
    spread = 2**0.5 / float(answer_epsilon)
    return advise_bound(tally, epsilon=epsilon, groups=1, deviation=lambda rows: spread * rows)


def top_k(
    table: pa.Table,
    column: str,
    k: int,
    *,
    keys: Sequence[Any],
    unit: Unit,
    epsilon: Fraction,
    charge: Charge | None = None,
) -> tuple[tuple[Any, ...], Cost]:
    """The k most frequent of the public keys, best first: k rounds of the exponential mechanism, epsilon / k each."""
    if not 1 <= k <= len(keys):
        raise UsageError("k is not between 1 and the number of keys", help="ask for fewer")
    each = epsilon / k
    cost = Cost()
    for _ in range(k):
        cost += Cost.exponential(each)
    _charge(charge, cost)
    left = list(zip(keys, columns.tally(columns.limited(table, unit.column, unit.rows), [column], [keys]), strict=True))
    found = []
    for _ in range(k):
        chosen = exponential.choose([number for _, number in left], epsilon=each, sensitivity=unit.rows)
        found.append(left.pop(chosen)[0])
    return tuple(found), cost


def marginals(
    table: pa.Table,
    sets: Sequence[Sequence[str]],
    *,
    keys: Mapping[str, Sequence[Any]],
    unit: Unit,
    rho: Fraction,
    charge: Charge | None = None,
) -> tuple[Release, ...]:
    """Contingency tables over sets of columns for publication: one vector of Gaussian noise for all of them.

    A unit has at most `unit.rows` rows, each in one cell of each table: squared L2 sensitivity `len(sets) * rows**2`.
    """
    sizes = [_cells([keys[name] for name in names]) for names in sets]
    if not sets or builtins.sum(sizes) > MAX_CELLS:
        raise UsageError(f"a release has 1 to {MAX_CELLS} cells", help="take fewer columns together")
    noise = Gaussian(len(sets) * unit.rows**2, rho)
    _charge(charge, noise.cost)
    kept = columns.limited(table, unit.column, unit.rows)
    counts = [columns.tally(kept, names, [keys[name] for name in names]) for names in sets]
    noisy = noise.add([each for one in counts for each in one])
    found, at = [], 0
    for names, size in zip(sets, sizes, strict=True):
        cells = tuple(product(*(keys[name] for name in names)))
        found.append(Release(tuple(names), cells, tuple(noisy[at : at + size]), noise.half_width(), noise.cost))
        at += size
    return tuple(found)


def _cells(keys: Sequence[Sequence[Any]]) -> int:
    size = 1
    for public in keys:
        size *= len(public)
    return size


def _charge(charge: Charge | None, cost: Cost) -> None:
    """INVARIANT: called before the table is touched."""
    if charge is not None:
        charge(cost)
