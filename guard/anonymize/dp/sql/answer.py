"""From a plan and true sums to a noisy answer. The one place where noise is added.

The charge is known before anything is read: it depends on the statement, the declared bounds and the obligation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from guard.anonymize.dp import quantile, rank, sampler, threshold
from guard.anonymize.dp.account import Cost
from guard.anonymize.dp.mechanism import Gaussian, of_variance
from guard.anonymize.dp.sql import dialects
from guard.anonymize.dp.sql.accept import Accepted
from guard.anonymize.dp.sql.form import Form, counts_units, unit_measure
from guard.anonymize.dp.sql.measure import Estimate, Measure, Noise, estimate
from guard.anonymize.dp.sql.post import Cell
from guard.anonymize.dp.sql.value import Constant
from guard.errors import UsageError
from guard.model import Value

Mechanism: TypeAlias = Literal["laplace", "gaussian"]
Key: TypeAlias = tuple[Cell, ...]
Row: TypeAlias = Sequence[object]
KEYS_SHARE: Final = 20  # one part in so many pays for the number of groups, where groups are private


class Rule(Value, frozen=True):
    """What the obligation fixes: the epsilon of one answer, the delta of its group keys, the kind of noise.

    With Gaussian noise the answer costs `rho = epsilon**2 / 2` of zCDP, with Laplace noise it is epsilon-DP.
    `minimum` is a number of units: a smaller group is never shown.
    """

    epsilon: Fraction
    delta: Fraction
    mechanism: Mechanism = "laplace"
    minimum: int = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """The noise of each measure, the threshold, and the cost of all of it."""

    accepted: Accepted
    forms: tuple[Form, ...]
    groups: int
    rows: int
    noise: tuple[tuple[Noise, ...], ...]  # per measure, per block
    epsilons: tuple[Fraction, ...]  # per measure: of a quantile in one group
    unit_noise: Noise | None  # of the count of units that the threshold looks at, when it has a column of its own
    tau: int | None
    cost: Cost
    minimum: int = 1
    keys_noise: Noise | None = None  # of the number of groups, where groups are private


def plan(accepted: Accepted, forms: tuple[Form, ...], rule: Rule, *, groups: int, rows: int) -> Plan:
    """Splits the budget of one answer over its measures, and calibrates their noise.

    Every block of every measure gets an equal share; a count of units for the threshold gets one too. Where groups
    are private one part in `KEYS_SHARE` pays for their number, from which follows how many were kept back.
    """
    own_count = counts_units(accepted, rows)
    blocks = [len(measure.blocks()) for measure in accepted.measures]
    shares = Fraction(len(accepted.measures) + (1 if own_count else 0))
    if accepted.combinations is None:
        shares *= Fraction(KEYS_SHARE, KEYS_SHARE - 1)
    noise: list[tuple[Noise, ...]] = []
    epsilons: list[Fraction] = []
    cost = Cost()
    for measure, count in zip(accepted.measures, blocks, strict=True):
        made, spent, epsilon = _measure_noise(measure, rule, shares * count, shares, groups=groups, rows=rows)
        noise.append(made)
        epsilons.append(epsilon)
        cost += spent
    unit_noise: Noise | None = None
    if own_count:
        unit_noise, spent = _noise(groups, rule, shares)
        cost += spent
    tau: int | None = None
    keys_noise: Noise | None = None
    if accepted.combinations is None:
        counted = unit_noise or noise[_unit_measure(accepted, rows)][0]
        tau = _tau(counted, rule, groups)
        cost += Cost.approximate(rule.delta)
        keys_noise, spent = _noise(groups, rule, Fraction(KEYS_SHARE))
        cost += spent
    return Plan(
        accepted,
        forms,
        groups,
        rows,
        tuple(noise),
        tuple(epsilons),
        unit_noise,
        tau,
        cost,
        minimum=rule.minimum,
        keys_noise=keys_noise,
    )


def _unit_measure(accepted: Accepted, rows: int) -> int:
    found = unit_measure(accepted, rows)
    assert found is not None
    return found


def _tau(noise: Noise, rule: Rule, groups: int) -> int:
    # Groups under the minimum are dropped exactly and the rest is counted from there, so the least that is at stake
    # is one unit more than `minimum - 1`.
    if noise.scale is not None:
        found = threshold.laplace_threshold(noise.scale, rule.delta, groups=groups, minimum=rule.minimum)
    else:
        assert noise.variance is not None
        found = of_variance(noise.variance).key_threshold(rule.delta, groups=groups, minimum=rule.minimum)
    return found


def _noise(reach: int, rule: Rule, shares: Fraction) -> tuple[Noise, Cost]:
    """Noise for a block that one unit moves by at most `reach` in L1 (and so in L2), for one share of the budget."""
    if rule.mechanism == "laplace":
        epsilon = rule.epsilon / shares
        return Noise(scale=Fraction(reach) / epsilon), Cost.pure(epsilon)
    return _gaussian_noise(reach * reach, rule, shares)


def _gaussian_noise(squared: int, rule: Rule, shares: Fraction) -> tuple[Noise, Cost]:
    """Noise for a block that one unit moves by at most the root of `squared` in L2, for one share of the budget."""
    made = Gaussian(squared, rule.epsilon**2 / 2 / shares)
    return Noise(variance=made.variance), made.cost


def _measure_noise(
    measure: Measure, rule: Rule, shares: Fraction, whole: Fraction, *, groups: int, rows: int
) -> tuple[tuple[Noise, ...], Cost, Fraction]:
    if measure.kind == "histogram":
        epsilon = rule.epsilon / whole / groups
        cost = Cost()
        for _ in range(groups):
            cost += Cost.exponential(epsilon)
        return (), cost, epsilon
    if measure.kind == "distinct":
        noise, cost = _noise(groups * rows, rule, shares)
        return (noise,), cost, Fraction(0)
    made, total = [], Cost()
    for reach in measure.reaches(rows):
        if rule.mechanism == "laplace":
            noise, cost = _noise(reach * groups, rule, shares)
        else:
            # L2 over the groups of a unit: sqrt(groups) times its reach in one.
            noise, cost = _gaussian_noise(groups * reach * reach, rule, shares)
        made.append(noise)
        total += cost
    return tuple(made), total, Fraction(0)


@dataclass(frozen=True, slots=True)
class Measured:
    """The noisy numbers of an answer, by group: what is stored and served again. Holds nothing that is not noisy."""

    sums: Mapping[Key, tuple[tuple[int, ...], ...]]  # per measure
    keys: int | None = None  # the number of groups that somebody is in, where groups are private


Draw: TypeAlias = Callable[[Noise, int], list[int]]


def draw(noise: Noise, count: int) -> list[int]:
    """Noise from the operating system's randomness; never seeded."""
    if noise.scale is not None:
        return sampler.laplace(noise.scale, count)
    assert noise.variance is not None
    return of_variance(noise.variance).add([0] * count)


def measured(planned: Plan, answers: Sequence[Sequence[Row]], *, noise_of: Draw = draw) -> Measured:
    """Noisy sums from the true ones: `answers` holds the rows of each form in order.

    The draws of a block are made for all groups at once, in the order of the keys, whatever the values are.
    """
    accepted = planned.accepted
    true, units = collected(planned, answers)
    if accepted.combinations is not None:
        keys: list[Key] = [tuple(_cell(value) for value in each) for each in accepted.combinations]
    else:
        keys = sorted((key for key in units if units[key] >= planned.minimum), key=_sort_key)
    shown = keys
    if planned.tau is not None:
        counted = planned.unit_noise or planned.noise[_unit_measure(accepted, planned.rows)][0]
        drawn = noise_of(counted, len(keys))
        noisy_units = {key: units[key] + noise for key, noise in zip(keys, drawn, strict=True)}
        shown = [key for key in keys if noisy_units[key] >= planned.tau]
    else:
        noisy_units = {}
    sums: dict[Key, list[tuple[int, ...]]] = {key: [] for key in shown}
    for place, measure in enumerate(accepted.measures):
        if noisy_units and planned.unit_noise is None and place == unit_measure(accepted, planned.rows):
            for key in shown:
                sums[key].append((noisy_units[key],))
        elif measure.kind == "histogram":
            for key in shown:
                sums[key].append((_quantile(planned, place, true.get(key, {}).get(place, {})),))
        else:
            _add_noise(planned, place, shown, true, sums, noise_of)
    number: int | None = None
    if planned.keys_noise is not None:
        number = len(units) + noise_of(planned.keys_noise, 1)[0]
    return Measured({key: tuple(values) for key, values in sums.items()}, number)


def rank_error(planned: Plan, measure: int) -> int:
    """For a quantile: by how many rows its rank is off at most, with 95 %."""
    asked = planned.accepted.measures[measure]
    return rank.rank_error(
        asked.share, asked.high - asked.low + 1, epsilon=planned.epsilons[measure], rows_per_unit=planned.rows
    )


def _add_noise(
    planned: Plan,
    place: int,
    keys: Sequence[Key],
    true: Mapping[Key, Mapping[int, object]],
    sums: dict[Key, list[tuple[int, ...]]],
    noise_of: Draw,
) -> None:
    measure = planned.accepted.measures[place]
    columns: list[list[int]] = []
    for block, noise in zip(measure.blocks(), planned.noise[place], strict=True):
        columns += [noise_of(noise, len(keys)) for _ in range(block)]
    for at, key in enumerate(keys):
        values = true.get(key, {}).get(place, (0,) * measure.columns)
        assert isinstance(values, tuple)
        sums[key].append(tuple(value + column[at] for value, column in zip(values, columns, strict=True)))


def _quantile(planned: Plan, place: int, counts: object) -> int:
    measure = planned.accepted.measures[place]
    assert isinstance(counts, dict)
    candidates = range(measure.low, measure.high + 1)
    return quantile.quantile(
        [counts.get(value, 0) for value in candidates],
        candidates,
        measure.share,
        epsilon=planned.epsilons[place],
        rows_per_unit=planned.rows,
    )


def collected(planned: Plan, answers: Sequence[Sequence[Row]]) -> tuple[dict[Key, dict[int, object]], dict[Key, int]]:
    """True sums per group and measure, and the number of units per group where the form counts them."""
    accepted = planned.accepted
    dialect = accepted.dialect
    width = 2 if dialect == "sqlite" else 1
    true: dict[Key, dict[int, object]] = {}
    units: dict[Key, int] = {}
    for form, rows in zip(planned.forms, answers, strict=True):
        for row in rows:
            key = _key(accepted, row[: form.keys])
            rest = list(row[form.keys :])
            into = true.setdefault(key, {})
            if form.side:
                measure = accepted.measures[form.measures[0]]
                if measure.kind == "distinct":
                    into[form.measures[0]] = (int(str(rest[0])),)
                else:
                    histogram = into.setdefault(form.measures[0], {})
                    assert isinstance(histogram, dict)
                    histogram[int(str(rest[0]))] = int(str(rest[1]))
                continue
            numbers = [dialects.joined(rest[at : at + width], dialect) for at in range(0, len(rest), width)]
            for place in form.measures:
                columns = accepted.measures[place].columns
                into[place], numbers = tuple(numbers[:columns]), numbers[columns:]
            if accepted.combinations is None:
                if counts_units(accepted, planned.rows):
                    units[key] = numbers[0]
                else:
                    (units[key],) = into[_unit_measure(accepted, planned.rows)]  # type: ignore[misc] # a tuple of one number
    return true, units


def _key(accepted: Accepted, cells: Sequence[object]) -> Key:
    made: list[Cell] = []
    for cell, value in zip(cells, accepted.keys, strict=True):
        if cell is None:
            made.append(None)
        elif value.kind == "number":
            number = Fraction(int(str(cell))) * (value.scale if value.leaf is None else 1)
            made.append(int(number) if value.integer else number)
        elif value.kind == "boolean":
            made.append(bool(cell))
        else:
            made.append(cell)  # type: ignore[arg-type] # a text, a date or a time
    return tuple(made)


def _cell(value: Constant) -> Cell:
    if isinstance(value, Fraction) and value.denominator == 1:
        return int(value)
    return value


def _sort_key(key: Key) -> tuple[tuple[bool, str], ...]:
    return tuple((cell is None, f"{cell:040d}" if isinstance(cell, int) else str(cell)) for cell in key)


def rows_of(planned: Plan, noisy: Measured) -> tuple[list[dict[str, Cell]], list[dict[str, Estimate]]]:
    """What the post-processing computes with, and the estimates behind it, per group."""
    accepted = planned.accepted
    cells: list[dict[str, Cell]] = []
    estimates: list[dict[str, Estimate]] = []
    for key, sums in noisy.sums.items():
        row: dict[str, Cell] = {f"k{place}": cell for place, cell in enumerate(key)}
        behind: dict[str, Estimate] = {}
        for place, aggregate in enumerate(accepted.aggregates):
            measure = accepted.measures[aggregate.measure]
            found = _estimated(aggregate.function, measure, sums[aggregate.measure], planned.noise[aggregate.measure])
            value = found.value
            whole = value is not None and aggregate.integer and value.denominator == 1
            row[f"a{place}"] = int(value) if whole and value is not None else value
            behind[f"a{place}"] = found
        cells.append(row)
        estimates.append(behind)
    return cells, estimates


def _estimated(function: str, measure: Measure, sums: tuple[int, ...], noise: tuple[Noise, ...]) -> Estimate:
    if measure.kind == "histogram":
        assert measure.value is not None
        return Estimate(sums[0] * measure.value.scale, 0.0)
    found = estimate(function, measure, sums, noise)
    if function in ("count", "units", "distinct") and found.value is not None and found.value.denominator != 1:
        return Estimate(Fraction(round(found.value)), found.deviation, math.ceil(found.half))
    return found


def check_rule(rule: Rule) -> None:
    """Refuses a rule without meaning.

    Raises:
        UsageError: a number is out of its range.
    """
    if not 0 < rule.epsilon <= 20 or not 0 <= rule.delta < 1 or rule.minimum < 1:
        raise UsageError(
            "the epsilon or delta of an answer is out of its range", help="use 0 < epsilon <= 20, delta < 1"
        )
