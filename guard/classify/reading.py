"""How a run is read, told by its shape alone: its parts, and for each the kinds that it can be.

Most runs of a text share few shapes, so that this work is done once a shape and remembered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from guard.classify import token
from guard.classify.context import NEAR_BITS, WordIndex, Words, words_of
from guard.classify.detector import Detector
from guard.classify.odds import MOST_BITS, clip, rarity
from guard.classify.registry import token_dispatch, when_added
from guard.model import Evidence

REPORT_BITS = 0.0
WRITTEN_BITS = 3.0  # the way it is written is evidence by itself
# Dozens of countries share the shapes of digits, so that a random number passes the check digit of one of them; such
# a number asks for a word near, unless its rules are rarer than that.
ABROAD_BITS = 5.0
_NEAR_HOME = frozenset({"cn", "hk", "mo", "tw", "us", "uk"})
_COMPACT = str.maketrans("", "", " -")
_DATE = re.compile(r"9{4}-9{2}-9{2}")  # not a number of eight digits
_REMEMBERED = 32_768  # shapes
_LONGEST = 64  # characters of a shape that is remembered


@dataclass(frozen=True, slots=True)
class Entry:
    """A kind that a part of some shape can be, with the bits that the shape settles.

    Attributes:
        prior: bits of the kind's prior.
        rare: bits of a passing value of this shape.
        evidence: the two as evidence.
    """

    kind: str
    check: Callable[[str], bool]
    prefixes: tuple[str, ...]
    prior: float
    rare: float
    words: Words
    evidence: tuple[Evidence, Evidence]


def _least(kind: str) -> float:
    """The bits from which a kind stands without a word near."""
    family = kind.partition(".")[0]
    return ABROAD_BITS if len(family) == 2 and family not in _NEAR_HOME else REPORT_BITS


class Pool:
    """The kinds that a part can be: those that stand without a word near, and those that ask for one."""

    __slots__ = ("alone", "asking", "index")

    def __init__(self, entries: list[Entry], cut: float) -> None:
        bits = [(entry, entry.prior + entry.rare + cut) for entry in entries]
        self.alone = tuple(entry for entry, own in bits if own >= _least(entry.kind))
        self.asking = tuple(entry for entry, own in bits if own >= REPORT_BITS - NEAR_BITS and entry not in self.alone)
        self.index = WordIndex([entry.words for entry in self.asking]) if self.asking else None

    def __bool__(self) -> bool:
        return bool(self.alone or self.asking)


@dataclass(frozen=True, slots=True)
class Reading:
    """A part of a run, from its start, with the bits that cutting it out costs."""

    start: int
    end: int
    cut: float
    pool: Pool


class Plan:
    """The readings of a run of one shape: as a whole, and the rest, made when it is asked for.

    Attributes:
        whole: the first reading, when a kind fits it.
        number: where a number of 7 digits or more stands in the run, when it is all that the run is.
        idle: no kind fits the run or a part of it; known once the rest was asked for.
    """

    __slots__ = ("_readings", "_rest", "_shape", "idle", "number", "whole")

    def __init__(self, shape: str) -> None:
        self._shape = shape
        self._readings = token.readings(shape, 0, len(shape))
        self._rest: tuple[Reading, ...] | None = None
        self.number = token.number(shape)
        self.idle = False
        first = next(self._readings, None)
        self.whole = self._reading(*first) if first else None

    def rest(self) -> tuple[Reading, ...]:
        """The readings after the first, those that no kind fits left out."""
        if self._rest is None:
            made = (self._reading(*reading) for reading in self._readings)
            self._rest = tuple(reading for reading in made if reading)
            self.idle = self.whole is None and not self._rest and self.number is None
        return self._rest

    def _reading(self, start: int, end: int, cut: float) -> Reading | None:
        if end - start < token.SHORTEST:
            return None
        pool = _pool(self._shape[start:end], cut)
        return Reading(start, end, cut, pool) if pool else None


class Plans(dict[str, Plan]):
    """Plans by shape; a shape that is missing is planned, and remembered when it is short."""

    def __missing__(self, shape: str) -> Plan:
        plan = Plan(shape)
        if len(shape) <= _LONGEST:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[shape] = plan
        return plan


class _Pools(dict[tuple[str, float], Pool]):
    def __missing__(self, key: tuple[str, float]) -> Pool:
        shape, cut = key
        pool = _made(shape, cut)
        if len(shape) <= _LONGEST:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[key] = pool
        return pool


_POOLS = _Pools()
PLANS = Plans()
when_added(_POOLS.clear)
when_added(PLANS.clear)
_NONE = Pool([], 0.0)


def _pool(shape: str, cut: float) -> Pool:
    return _POOLS[shape, cut]


def _made(shape: str, cut: float) -> Pool:
    dispatch = token_dispatch()
    candidates = dispatch.of_shape(shape)
    compact = shape if _DATE.fullmatch(shape) else shape.translate(_COMPACT)
    if len(compact) != len(shape):
        candidates += tuple(detector for detector in dispatch.of_shape(compact) if detector not in candidates)
    return Pool([entry_of(detector, shape) for detector in candidates], cut) if candidates else _NONE


def entry_of(detector: Detector, shape: str) -> Entry:
    """The kind of `detector` for a text of this shape."""
    return _entry(detector, detector.written is not None and bool(detector.written.fullmatch(shape)))


@cache
def _entry(detector: Detector, written: bool) -> Entry:  # noqa: FBT001 - a cache key
    rare = rarity(detector.pass_rate) + (WRITTEN_BITS if written else 0.0)
    evidence = (
        Evidence("prior", "how common the kind is among texts of this shape", detector.prior),
        Evidence("value", "passes the rules of the kind", rare),
    )
    words = words_of(detector.context)
    return Entry(detector.id, detector.check, detector.prefixes, detector.prior, rare, words, evidence)


def held(entry: Entry, near: float, cut: float) -> tuple[float, tuple[Evidence, ...]]:
    """The bits of a kind with a word near and a cut, held to what can be claimed, and the evidence of value and
    prior that adds up to them."""
    bits = entry.prior + entry.rare + near + cut
    if -MOST_BITS <= bits <= MOST_BITS:
        return bits, entry.evidence
    bits = clip(bits)
    prior, value = entry.evidence
    return bits, (prior, Evidence(value.source, value.detail, bits - entry.prior - near - cut))
