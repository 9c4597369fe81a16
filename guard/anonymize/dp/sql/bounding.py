"""Contribution bounds chosen by the engine: a noisy look at how much units contribute, then the bound of least error.

Bounds decide an answer's error more than any accountant does: too low drops rows, too high buys noise. The look is a
few histograms over units. A unit stands in one bin of each, so one unit more or less changes one count by one. What is
computed from the noisy counts is free. Its price is a fixed share of the answer's epsilon, charged with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final

import msgspec

from guard.anonymize.dp.account import Cost
from guard.anonymize.dp.sql.accept import Accepted
from guard.anonymize.dp.sql.answer import Draw, Rule, draw, plan
from guard.anonymize.dp.sql.form import ranked, source_text
from guard.anonymize.dp.sql.measure import Measure, Noise
from guard.anonymize.dp.sql.rows import named
from guard.anonymize.dp.sql.value import literal

SHARE: Final = Fraction(3, 20)  # of the epsilon of an answer, for the look
MOST_GROUPS: Final = 32  # the largest bound that is considered
MOST_ROWS: Final = 16
CLIPS: Final = 24  # ends of a range that are considered
_GROUPS, _ROWS, _VALUES = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Chosen:
    """Bounds, the statement narrowed to them, and the rule that is left for the answer itself."""

    accepted: Accepted
    rule: Rule
    groups: int
    rows: int
    clips: Mapping[str, int] = field(default_factory=dict)  # measure -> upper end in steps


@dataclass(frozen=True, slots=True)
class Search:
    """The look: its statement, its histograms, and the cost of look and answer together."""

    accepted: Accepted
    rule: Rule
    sql: str
    sizes: tuple[tuple[int, int], ...]  # kind, bins
    clips: tuple[int, tuple[int, ...]] | None  # the measure that may be clipped, and the ends considered, ascending
    cost: Cost

    def chosen(self, rows: Sequence[Sequence[object]], *, noise_of: Draw = draw) -> Chosen:
        """The bounds of least expected error, by noisy counts."""
        tallies = {kind: [0] * bins for kind, bins in self.sizes}
        for kind, place, count in rows:
            tallies[int(str(kind))][int(str(place))] += int(str(count))
        noise = Noise(scale=Fraction(len(self.sizes)) / (self.rule.epsilon * SHARE))
        noisy: dict[int, list[int]] = {}
        for kind, bins in self.sizes:
            drawn = noise_of(noise, bins)
            noisy[kind] = _settled([count + each for count, each in zip(tallies[kind], drawn, strict=True)], noise)
        return self._best(noisy)

    def again(self, groups: int, rows: int, detail: Mapping[str, Any]) -> Chosen:
        """The same choice, from what was stored of it."""
        return self._narrowed(groups, rows, {str(key): int(value) for key, value in detail.items()})

    def _best(self, noisy: Mapping[int, list[int]]) -> Chosen:
        accepted = self.accepted
        left = float(self.rule.epsilon * (1 - SHARE)) / len(accepted.measures)
        spread = len(accepted.combinations) if accepted.combinations is not None else MOST_GROUPS
        by_groups = noisy.get(_GROUPS)
        by_rows = noisy.get(_ROWS)
        best: tuple[float, int, int, int | None] | None = None
        for rows in range(1, MOST_ROWS + 1) if by_rows is not None else [_declared(accepted.most_rows)]:
            for groups in range(1, len(by_groups) + 1) if by_groups is not None else [_declared(accepted.most_groups)]:
                for clip in self.clips[1] if self.clips is not None else (None,):
                    error = self._error(noisy, groups, rows, clip, left, max(1, spread))
                    if best is None or error < best[0]:
                        best = (error, groups, rows, clip)
        assert best is not None
        _, groups, rows, clip = best
        return self._narrowed(groups, rows, {} if clip is None or self.clips is None else {str(self.clips[0]): clip})

    def _error(
        self, noisy: Mapping[int, list[int]], groups: int, rows: int, clip: int | None, epsilon: float, spread: int
    ) -> float:
        """Expected error of one group: noise, and what the bounds leave out, in units of the first sum."""
        measure = self._first()
        high = clip if clip is not None else max(abs(measure.low), abs(measure.high), 1)
        each = 1.0 if measure.kind in ("rows", "present", "units", "distinct") else float(high)
        noise = groups * rows * each / epsilon
        kept, over = 1.0, 0.0  # of one unit in one group: the mean that counts, the mean that is cut off
        if clip is not None and self.clips is not None:
            kept, over = _clipped(noisy[_VALUES], self.clips[1], clip)
        elif each != 1.0:
            kept = each / 4  # nothing is known of the values: a quarter of the range
        units = noisy.get(_GROUPS)
        lost = 0.0
        if units is not None:
            for place, count in enumerate(units):
                have = place + 1
                lost += count * ((have - min(have, groups)) * (kept + over) + min(have, groups) * over)
        by_rows = noisy.get(_ROWS)
        if by_rows is not None:
            total = max(1, sum(by_rows))
            pairs = sum(count * (place + 1) for place, count in enumerate(units)) if units is not None else total
            cut = sum(count * max(0, place + 1 - rows) for place, count in enumerate(by_rows)) / total
            lost += pairs * cut * kept
        return noise + lost / spread

    def _first(self) -> Measure:
        place = self.clips[0] if self.clips is not None else 0
        return self.accepted.measures[place]

    def _narrowed(self, groups: int, rows: int, clips: Mapping[str, int]) -> Chosen:
        measures = list(self.accepted.measures)
        for place, high in clips.items():
            measures[int(place)] = clipped(measures[int(place)], high)
        accepted = replace(self.accepted, measures=tuple(measures), most_groups=groups, most_rows=rows)
        rule = msgspec.structs.replace(self.rule, epsilon=self.rule.epsilon * (1 - SHARE))
        return Chosen(accepted, rule, groups, rows, clips)


def is_open(accepted: Accepted) -> bool:
    """True when a bound is left to the engine."""
    return "auto" in (accepted.most_groups, accepted.most_rows) or _clip_candidates(accepted) is not None


def search(accepted: Accepted, rule: Rule, *, salt: int) -> Search:
    """What to look at before the answer, for a statement whose bounds are `auto`."""
    dialect = accepted.dialect
    keys = [f"dp_k{number}" for number in range(len(accepted.keys))]
    sizes: list[tuple[int, int]] = []
    clips = _clip_candidates(accepted)
    argument = accepted.measures[clips[0]].value if clips is not None else None
    arguments = [f"{argument.sql} AS dp_x0"] if argument is not None else []
    within = ", ".join(["dp_u", *keys])
    summed = ", coalesce(sum(dp_x0), 0) AS dp_s" if argument is not None else ""
    chain = [
        f"dp_src AS ({source_text(accepted, arguments)})",
        f"dp_own AS (SELECT {within}, count(*) AS dp_c{summed} FROM dp_src GROUP BY {within})",
    ]
    parts = []
    if accepted.most_groups == "auto":
        most = MOST_GROUPS if accepted.combinations is None else min(MOST_GROUPS, len(accepted.combinations))
        sizes.append((_GROUPS, most))
        chain.append(f"dp_num AS (SELECT dp_u, {_capped('count(*)', most)} - 1 AS dp_b FROM dp_own GROUP BY dp_u)")
        parts.append((_GROUPS, "dp_num"))
    if accepted.most_rows == "auto" or argument is not None:
        # Of each unit one group, by its hash, stands for all.
        chain.append(f"dp_one AS ({ranked('dp_own', keys, salt, dialect)})")
    if accepted.most_rows == "auto":
        sizes.append((_ROWS, MOST_ROWS))
        chain.append(f"dp_cnt AS (SELECT {_capped('dp_c', MOST_ROWS)} - 1 AS dp_b FROM dp_one WHERE dp_n = 1)")
        parts.append((_ROWS, "dp_cnt"))
    if clips is not None:
        sizes.append((_VALUES, len(clips[1])))
        tests = " ".join(f"WHEN dp_s <= {literal(end)} THEN {place}" for place, end in enumerate(clips[1][:-1]))
        bins = f"CASE {tests} ELSE {len(clips[1]) - 1} END" if tests else "0"
        chain.append(f"dp_val AS (SELECT {bins} AS dp_b FROM dp_one WHERE dp_n = 1)")
        parts.append((_VALUES, "dp_val"))
    if not keys:
        chain[1] = f"dp_own AS (SELECT dp_u, count(*) AS dp_c{summed} FROM dp_src GROUP BY dp_u)"
    selects = [
        f"SELECT {kind} AS dp_o0, dp_b AS dp_o1, count(*) AS dp_o2 FROM {table} GROUP BY dp_b" for kind, table in parts
    ]
    text = named(f"WITH {', '.join(chain)} {' UNION ALL '.join(selects)}", prefix="dp_r")
    rest = msgspec.structs.replace(rule, epsilon=rule.epsilon * (1 - SHARE))
    # INVARIANT: charged before the bounds are known, so for the dearest of them.
    answer = plan(accepted, (), rest, groups=1, rows=1).cost
    return Search(accepted, rule, text, tuple(sizes), clips, Cost.pure(rule.epsilon * SHARE) + answer)


def clipped(measure: Measure, high: int) -> Measure:
    """The measure with its argument cut off at `high` steps."""
    value = measure.value
    assert value is not None
    sql = f"CASE WHEN {value.sql} > {literal(high)} THEN {literal(high)} ELSE {value.sql} END"
    return Measure(measure.kind, replace(value, sql=sql, high=high, domain=None), measure.low, high)


def _clip_candidates(accepted: Accepted) -> tuple[int, tuple[int, ...]] | None:
    """The one sum of values from 0 on whose upper end may be chosen, and the ends that are considered."""
    for place, measure in enumerate(accepted.measures):
        used = {each.function for each in accepted.aggregates if each.measure == place}
        value = measure.value
        if (
            measure.kind == "pair"
            and value is not None
            and value.clip
            and measure.low == 0
            and used <= {"sum", "count"}
        ):
            ends = sorted({max(1, measure.high * step // CLIPS) for step in range(1, CLIPS + 1)})
            return place, tuple(ends)
    return None


def _capped(count: str, most: int) -> str:
    return f"CASE WHEN {count} > {most} THEN {most} ELSE {count} END"


def _declared(bound: int | str) -> int:
    return 1 if isinstance(bound, str) else bound


def _settled(noisy: list[int], noise: Noise) -> list[int]:
    """No negative counts, and nothing beyond the last bin that stands out: noise there looks like large units."""
    assert noise.scale is not None
    floor = float(noise.scale) * 3
    last = max((place for place, count in enumerate(noisy) if count > floor), default=0)
    return [max(0, count) if place <= last else 0 for place, count in enumerate(noisy)]


def _clipped(counts: Sequence[int], ends: Sequence[int], clip: int) -> tuple[float, float]:
    """Of one unit in one group: the mean amount that counts under `clip`, and the mean amount cut off."""
    total = max(1, sum(counts))
    kept = over = 0.0
    low = 0
    for count, end in zip(counts, ends, strict=True):
        middle = (low + end) / 2
        kept += count * min(middle, clip)
        over += count * max(0.0, middle - clip)
        low = end
    return kept / total, over / total
