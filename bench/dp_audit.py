"""A black-box audit of the private pipeline: SQL in, noisy answer out, on neighbouring databases.

For each of 40 and more shapes (counts, sums, means, spreads, distinct values, quantiles, MIN and MAX) and 25 pairs of
databases that differ in one person, both answers are drawn many times, and a lower bound of epsilon that holds with
high confidence is taken from the most telling threshold; it must not be above the claim. Then more than 30 faults are
seeded one by one, in noise and in SQL, and the same audit must find each.
"""

from __future__ import annotations

import bisect
import dataclasses
import math
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from bench.result import Result
from guard.anonymize.dp.quantile import quantile_scores, score_sensitivity
from guard.anonymize.dp.sql.accept import accept
from guard.anonymize.dp.sql.answer import Measured, Plan, Rule, collected, draw, measured, plan
from guard.anonymize.dp.sql.form import forms
from guard.anonymize.dp.sql.marks import unmarked
from guard.anonymize.dp.sql.measure import Noise
from guard.anonymize.dp.sql.refusal import Refusal
from guard.sql.catalogue import Catalogue
from guard.sql.parse import parse
from tests.anonymize.dp.sql.world import AREAS, TABLES, declared, duckdb_world, questions, rows_of_world

EPSILON, DELTA = Fraction(1), Fraction(1, 10**4)
GROUPS, ROWS = 2, 2
ALPHA = 1e-7  # of one bound to be wrong; there are some thousands
POOL = 1 << 16  # draws made at once
HOSTILE = 10_000  # the id of the person with many extreme rows
Tables = dict[str, list[tuple[Any, ...]]]


def run(shapes: int = 50, pairs: int = 25, draws: int = 400, deep: int = 20_000) -> Result:
    """`claims_exceeded`, `faults_caught` and `shapes`."""
    import duckdb

    world = _with_hostile(rows_of_world(2, 30))
    persons = [HOSTILE, *range(pairs - 1)]
    connections = {None: _filled(duckdb.connect(), world)}
    for person in persons:
        connections[person] = _filled(duckdb.connect(), _without(world, person))
    catalogue = _catalogue(world)
    exceeded, done, worst = 0, 0, 0.0
    for sql in [*SHAPES, *questions(400, "duckdb", 17)]:
        if done >= shapes:
            break
        try:
            planned = _planned(sql, catalogue)
        except Refusal:
            continue
        done += 1
        pools = _Pools()
        for person in persons:
            bound = _bound(planned, connections[None], connections[person], draws, pools)
            worst = max(worst, bound)
            exceeded += bound > float(EPSILON)
    caught = []
    for fault in FAULTS:
        planned = fault.change(_planned(fault.sql, catalogue))
        bound = _bound(planned, connections[None], connections[HOSTILE], deep, _Pools())
        caught.append((fault.name, bound > float(EPSILON)))
    return Result(
        {"claims_exceeded": exceeded, "faults_caught": sum(found for _, found in caught), "shapes": done},
        {
            "pairs": len(persons),
            "draws_a_side": draws,
            "largest_bound": worst,
            "faults": len(caught),
            "missed": [name for name, found in caught if not found],
            "confidence": 1 - ALPHA,
        },
    )


# --- the pipeline and its neighbours -----------------------------------------------------------------------


def _planned(sql: str, catalogue: Catalogue) -> Plan:
    accepted = accept(parse(sql, "duckdb"), catalogue, declared(groups=GROUPS, rows=ROWS))
    groups = int(accepted.most_groups)
    made = forms(accepted, groups=groups, rows=ROWS, salt=9)
    return plan(accepted, made, Rule(EPSILON, DELTA), groups=groups, rows=ROWS)


class _Pools:
    """Real noise, drawn in bulk and handed out once."""

    def __init__(self) -> None:
        self._left: dict[Noise, list[int]] = {}

    def __call__(self, noise: Noise, count: int) -> list[int]:
        left = self._left.setdefault(noise, [])
        if len(left) < count:
            left += draw(noise, max(POOL, count))
        taken = left[-count:] if count else []
        del left[len(left) - count :]
        return taken


def _bound(planned: Plan, one: Any, other: Any, draws: int, pools: _Pools) -> float:
    """A lower bound of epsilon from the answers on two databases, in the better of both directions."""
    answers = [[each.execute(unmarked(form.sql)).fetchall() for form in planned.forms] for each in (one, other)]
    truths = _truths(planned, answers)
    chances = [_chances(planned, found) for found in answers]
    scores = [
        [_score(measured(planned, found, noise_of=pools), planned, truths, chances) for _ in range(draws)]
        for found in answers
    ]
    turned = [[-each for each in scores[1]], [-each for each in scores[0]]]
    return max(_lower(*scores), _lower(*turned))


def _truths(planned: Plan, answers: Sequence[Any]) -> list[Any]:
    """The sums without noise on both databases, every group shown: what the most telling test knows."""
    silent = dataclasses.replace(planned, tau=None if planned.tau is None else 1)
    return [measured(silent, found, noise_of=lambda _noise, count: [0] * count).sums for found in answers]


def _chances(planned: Plan, answers: Any) -> dict[Any, list[float]]:
    """For each group and quantile, the logarithm of the chance of each of its values by the claimed mechanism."""
    true, _ = collected(planned, answers)
    made: dict[Any, list[float]] = {}
    for place, measure in enumerate(planned.accepted.measures):
        if measure.kind != "histogram":
            continue
        step = float(planned.epsilons[place]) / (2 * score_sensitivity(measure.share, planned.rows))
        for key in [*true, None]:  # None: a group that nobody is in
            counts: Any = true.get(key, {}).get(place, {}) if key is not None else {}
            scores = quantile_scores([counts.get(x, 0) for x in range(measure.low, measure.high + 1)], measure.share)
            top = max(scores)
            whole = math.log(sum(math.exp(step * (each - top)) for each in scores))
            made[key, place] = [step * (each - top) - whole for each in scores]
    return made


def _score(answer: Measured, planned: Plan, truths: Sequence[Any], chances: Sequence[Any]) -> float:
    """The logarithm of how much more likely an answer is on the first database: the best test there is."""
    total = 0.0
    for key, sums in answer.sums.items():
        left, right = (truth.get(key) for truth in truths)
        if planned.tau is not None and (left is None) != (right is None):
            return 1e6 if right is None else -1e6  # the group itself tells
        for place, measure in enumerate(planned.accepted.measures):
            if measure.kind == "histogram":
                at = sums[place][0] - measure.low
                first, second = (each.get((key, place), each[None, place])[at] for each in chances)
                total += first - second
                continue
            column = 0
            for block, noise in zip(measure.blocks(), planned.noise[place], strict=True):
                for _ in range(block):
                    here = sums[place][column]
                    one, two = (0 if each is None else each[place][column] for each in (left, right))
                    if one != two:
                        total += (abs(here - two) - abs(here - one)) / max(noise.deviation(), 1e-9)
                    column += 1
    return total


def _lower(first: Sequence[float], second: Sequence[float]) -> float:
    """ln of the least ratio of the probabilities of an event, chosen on one half of the draws, counted on the other."""
    half = len(first) // 2
    chosen = _threshold(first[:half], second[:half])
    if chosen is None:
        return 0.0
    hits = [sum(each >= chosen for each in draws[half:]) for draws in (first, second)]
    low, high = _least(hits[0], len(first) - half), 1 - _least(len(second) - half - hits[1], len(second) - half)
    return math.log((low - float(DELTA)) / high) if low > float(DELTA) and high > 0 else 0.0


def _threshold(first: Sequence[float], second: Sequence[float]) -> float | None:
    best, found = 0.0, None
    ordered, other = sorted(first), sorted(second)
    places = {len(ordered) * share // 40 for share in range(1, 40)}
    places |= {len(ordered) - 1 - len(ordered) // part for part in (80, 160, 320)}  # rare events tell too
    for place in sorted(places):
        value = ordered[place]
        above = (len(ordered) - bisect.bisect_left(ordered, value)) / len(ordered)
        beside = (len(other) - bisect.bisect_left(other, value)) / len(other)
        low = _least(round(above * len(first)), len(first))
        high = 1 - _least(len(second) - round(beside * len(second)), len(second))
        if low / high > best:
            best, found = low / high, value
    return found


def _least(hits: int, tries: int) -> float:
    """The Clopper-Pearson lower bound of a probability at confidence `1 - ALPHA`."""
    from scipy.stats import beta

    return float(beta.ppf(ALPHA, hits, tries - hits + 1)) if hits else 0.0


# --- databases ---------------------------------------------------------------------------------------------


def _with_hostile(world: Tables) -> Tables:
    visits = [
        (10_000 + number, HOSTILE, AREAS[number % 4], 10**6 if number % 2 else 500, 99.0, "2024-05-05", f"own {number}")
        for number in range(40)
    ]
    return {
        **world,
        "person": [*world["person"], (HOSTILE, 5, 5000, "z")],
        "visit": [*world["visit"], *visits],
        "item": [*world["item"], *((10_000 + n, 10_000 + n % 40, 999, 10**6) for n in range(80))],
    }


def _without(world: Tables, person: int) -> Tables:
    gone = {row[0] for row in world["visit"] if row[1] == person}
    return {
        "person": [row for row in world["person"] if row[0] != person],
        "visit": [row for row in world["visit"] if row[1] != person],
        "item": [row for row in world["item"] if row[1] not in gone],
        "area": world["area"],
    }


def _filled(connection: Any, world: Tables) -> Any:
    for table, (columns, marks) in TABLES.items():
        connection.execute(f"CREATE TABLE {table} ({columns})")
        connection.executemany(f"INSERT INTO {table} VALUES {marks}", world[table])
    return connection


def _catalogue(world: Tables) -> Catalogue:
    with tempfile.TemporaryDirectory() as folder, duckdb_world(Path(folder), world) as engine:
        found = engine.catalogue
    return Catalogue(found.tables, dialect="duckdb", default_schema="main", catalog="")


# --- shapes and faults -------------------------------------------------------------------------------------

ROWS_BY_AREA = "SELECT area, COUNT(*) AS n FROM visit GROUP BY area"
SUM_BY_AREA = "SELECT area, SUM(amount) AS s FROM visit GROUP BY area"
MEAN_BY_AREA = "SELECT area, AVG(score) AS s FROM visit GROUP BY area"
SPREAD = "SELECT VAR_POP(amount) AS v FROM visit"
UNITS_BY_AREA = "SELECT area, COUNT(DISTINCT pid) AS n FROM visit GROUP BY area"
DISTINCT = "SELECT COUNT(DISTINCT note) AS n FROM visit"
PRIVATE = "SELECT note, COUNT(DISTINCT pid) AS n FROM visit GROUP BY note"
TOTAL = "SELECT COUNT(*) AS n FROM visit"
MEDIAN = "SELECT MEDIAN(p.seg) AS m FROM visit v JOIN person p ON v.pid = p.pid"
SHAPES = (
    ROWS_BY_AREA, SUM_BY_AREA, MEAN_BY_AREA, SPREAD, UNITS_BY_AREA, DISTINCT, PRIVATE, TOTAL,
    "SELECT area, COUNT(*) AS n, SUM(amount) AS s, AVG(score) AS a FROM visit GROUP BY area",
    "SELECT v.area, SUM(i.qty * i.price) AS s FROM item i JOIN visit v ON i.vid = v.vid GROUP BY v.area",
    "SELECT AVG(n) AS a FROM (SELECT pid, COUNT(*) AS n FROM visit GROUP BY pid) g",
    MEDIAN,
    "SELECT MIN(seg) AS m, MAX(seg) AS x FROM person",
    "SELECT MAX(born) AS m FROM person",
    "SELECT v.area, MEDIAN(p.seg) AS m, COUNT(*) AS n FROM visit v JOIN person p ON v.pid = p.pid GROUP BY v.area",
    "SELECT quantile_cont(qty, 0.9) AS q FROM item",
    (
        "SELECT note, PERCENTILE_DISC(0.25) WITHIN GROUP (ORDER BY seg) AS q"
        " FROM visit v JOIN person p ON v.pid = p.pid GROUP BY note"
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """A mistake as somebody could make it."""

    name: str
    sql: str
    change: Callable[[Plan], Plan]


def _louder(factor: Fraction) -> Callable[[Plan], Plan]:
    """All noise by a factor."""

    def change(planned: Plan) -> Plan:
        noise = tuple(
            tuple(Noise(scale=each.scale * factor) for each in blocks if each.scale) for blocks in planned.noise
        )
        own = planned.unit_noise
        return dataclasses.replace(
            planned, noise=noise, unit_noise=Noise(scale=own.scale * factor) if own is not None and own.scale else own
        )

    return change


def _rewritten(old: str, new: str) -> Callable[[Plan], Plan]:
    """The form with a piece of text exchanged, wherever it stands."""

    def change(planned: Plan) -> Plan:
        made = tuple(dataclasses.replace(form, sql=form.sql.replace(old, new)) for form in planned.forms)
        assert any(a.sql != b.sql for a, b in zip(made, planned.forms, strict=True)), old
        return dataclasses.replace(planned, forms=made)

    return change


def _tau(change: Callable[[int], int]) -> Callable[[Plan], Plan]:
    return lambda planned: dataclasses.replace(planned, tau=change(planned.tau or 0))


def _bolder(factor: int) -> Callable[[Plan], Plan]:
    """Quantiles at a multiple of their epsilon; a large one, since the exponential mechanism's claim is generous."""
    return lambda planned: dataclasses.replace(planned, epsilons=tuple(each * factor for each in planned.epsilons))


_UNBOUNDED = _rewritten("((dp_l.dp_m - dp_l.dp_x) & dp_s.dp_b) <> 0", "1 = 1")
_MANY = _rewritten(f"THEN {ROWS} ELSE dp_n", "THEN dp_n ELSE dp_n")
FAULTS: tuple[Fault, ...] = (
    *(
        Fault(f"scale x {factor}: {name}", sql, _louder(factor))
        for name, sql in (
            ("rows", ROWS_BY_AREA),
            ("pair for a sum", SUM_BY_AREA),
            ("pair for a mean", MEAN_BY_AREA),
            ("units", UNITS_BY_AREA),
            ("total", TOTAL),
        )
        for factor in (Fraction(3, 4), Fraction(1, 2), Fraction(1, 1000))
    ),
    Fault("noise of one group for all groups: rows", ROWS_BY_AREA, _louder(Fraction(1, GROUPS))),
    Fault("noise of one group for all groups: sum", SUM_BY_AREA, _louder(Fraction(1, GROUPS))),
    Fault("noise of one row for all rows: rows", ROWS_BY_AREA, _louder(Fraction(1, ROWS))),
    Fault("noise of one row for all rows: sum", SUM_BY_AREA, _louder(Fraction(1, ROWS))),
    Fault("groups of a person not bounded: rows", ROWS_BY_AREA, _UNBOUNDED),
    Fault("groups of a person not bounded: units", UNITS_BY_AREA, _UNBOUNDED),
    Fault("groups of a person not bounded: sum", SUM_BY_AREA, _UNBOUNDED),
    Fault("rows of a person not bounded: rows", ROWS_BY_AREA, _MANY),
    Fault("rows of a person not bounded: total", TOTAL, _MANY),
    Fault("rows of a person not bounded: sum", SUM_BY_AREA, _rewritten(f"> {ROWS} THEN", "> 1000 THEN")),
    Fault("rows of a person not bounded: mean", MEAN_BY_AREA, _rewritten(f"> {ROWS} THEN", "> 1000 THEN")),
    Fault("values not clamped", SUM_BY_AREA, _rewritten("> 500 THEN CAST(500 AS BIGINT)", "> 999999999 THEN NULL")),
    Fault("every row a person of its own", UNITS_BY_AREA, _rewritten('dp_r0."pid" AS dp_u', 'dp_r0."vid" AS dp_u')),
    Fault("epsilon x 4: median", MEDIAN, _bolder(4)),
    Fault("rows of a person not bounded: median", MEDIAN, _rewritten(f"dp_p.dp_n <= {ROWS}", "dp_p.dp_n <= 1000")),
    Fault("no threshold", PRIVATE, _tau(lambda _: 1)),
    Fault("a threshold of half", PRIVATE, _tau(lambda tau: tau // 2)),
)
