"""How a column of a table acts on something: a bit for each way, and what an operator does to those bits.

A flow maps base columns to marks. The lower four bits say that the value itself goes through (OpenLineage's DIRECT),
the upper six that it acts from the side (INDIRECT). Operators are tables over all 1,024 marks, so that following a
query is dictionary merging.

Where lineage asks for it, the bits above say which ways the value took (`guard.sql.ways`): two bits for each way, the
second one for "and then through something without a name", an operator or the like.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from guard.model import Dataset, EdgeSubtype, TableName, Use

IDENTITY = 1
TRANSFORMATION = 2
AGGREGATE_VALUE = 4  # an aggregate that returns a value it read: min, any_value, array_agg
AGGREGATE_SUMMARY = 8  # one that returns a number about many values: count, sum, avg
FILTER = 16
JOIN = 32
GROUP_BY = 64
SORT = 128
WINDOW = 256
CONDITIONAL = 512

DIRECT = IDENTITY | TRANSFORMATION | AGGREGATE_VALUE | AGGREGATE_SUMMARY
INDIRECT = FILTER | JOIN | GROUP_BY | SORT | WINDOW | CONDITIONAL

SUBTYPES: tuple[tuple[int, EdgeSubtype], ...] = (
    (IDENTITY, "IDENTITY"),
    (TRANSFORMATION, "TRANSFORMATION"),
    (AGGREGATE_VALUE | AGGREGATE_SUMMARY, "AGGREGATION"),
    (JOIN, "JOIN"),
    (FILTER, "FILTER"),
    (GROUP_BY, "GROUP_BY"),
    (SORT, "SORT"),
    (WINDOW, "WINDOW"),
    (CONDITIONAL, "CONDITIONAL"),
)
USES: tuple[tuple[int, Use], ...] = (
    (IDENTITY | TRANSFORMATION | AGGREGATE_VALUE, Use.OUTPUT),
    (FILTER, Use.FILTER),
    (JOIN, Use.JOIN),
    (GROUP_BY, Use.GROUP),
    (SORT, Use.ORDER),
    (WINDOW, Use.WINDOW),
    (AGGREGATE_VALUE | AGGREGATE_SUMMARY, Use.AGGREGATE),
    (CONDITIONAL, Use.CONDITIONAL),
)

# Effects: what an operator does to the marks that pass it. Effects 0-3 keep a value on its way, from harmless to
# strongest; an effect from 4 on turns the way into an influence, and it stays one.
KEEP, TRANSFORM, VALUE, SUMMARY = range(4)
_INFLUENCES = (FILTER, JOIN, GROUP_BY, SORT, WINDOW, CONDITIONAL)
BY_FILTER, BY_JOIN, BY_GROUP, BY_SORT, BY_WINDOW, BY_CONDITION = range(4, 10)


def _apply(effect: int, mark: int) -> int:
    value, aside = mark & DIRECT, mark & INDIRECT
    if effect >= BY_FILTER:
        return aside | _INFLUENCES[effect - BY_FILTER] if mark else 0
    if not value or effect == KEEP:
        return mark
    if effect == TRANSFORM:
        return aside | (value & ~IDENTITY) | (TRANSFORMATION if value & IDENTITY else 0)
    if effect == VALUE:
        return aside | (value & AGGREGATE_SUMMARY) | (AGGREGATE_VALUE if value & ~AGGREGATE_SUMMARY else 0)
    # A summary of values that were aggregated before is a summary; the values behind it are gone.
    return aside | AGGREGATE_SUMMARY


APPLY: tuple[tuple[int, ...], ...] = tuple(tuple(_apply(effect, mark) for mark in range(1024)) for effect in range(10))
# AFTER[outer][inner]: the effect of an operator inside another one.
AFTER: tuple[tuple[int, ...], ...] = tuple(
    tuple(outer if outer >= BY_FILTER else max(outer, inner) for inner in range(10)) for outer in range(10)
)


LOW = 1023
WAYS_FROM = 10  # the first bit of the ways
_FIRST_OF_PAIRS = sum(1 << place for place in range(0, 256, 2))


def unnamed(ways: int) -> int:
    """The ways after something without a name; twice is once."""
    first = ways & _FIRST_OF_PAIRS
    return (ways ^ first) | first << 1


class Base:
    """A column of a base table. Each is made once in an analysis, so that it compares by identity."""

    __slots__ = ("column", "dataset", "flow", "table")

    def __init__(self, table: TableName, dataset: Dataset, column: str, mark: int = IDENTITY) -> None:
        self.table = table
        self.dataset = dataset
        self.column = column
        self.flow: Flow = {self: mark}

    def __repr__(self) -> str:
        return f"{self.table}.{self.column}"


# INVARIANT: a flow is never changed once it stands in a column; relations share them.
Flow: TypeAlias = Mapping[Base, int]
NOTHING: Flow = {}


def merge(into: dict[Base, int], flow: Flow, effect: int) -> None:
    """Adds `flow`, passed through `effect`, to `into`."""
    applied = APPLY[effect]
    for base, mark in flow.items():
        if mark <= LOW:
            into[base] = into.get(base, 0) | applied[mark]
            continue
        ways = 0
        if effect < BY_FILTER:
            ways = mark >> WAYS_FROM
            ways = (ways if effect == KEEP else unnamed(ways)) << WAYS_FROM
        into[base] = into.get(base, 0) | applied[mark & LOW] | ways


def union(flows: list[Flow]) -> Flow:
    """The flows together."""
    if len(flows) == 1:
        return flows[0]
    into: dict[Base, int] = {}
    for flow in flows:
        merge(into, flow, KEEP)
    return into
