"""The ways that a value takes through an expression: the functions that it passes, inside out.

What a label becomes depends on them: `md5(phone)` is not `phone`, and characters 7 to 14 of a resident ID are a birth
date. A step is a function's name, with the positions that it cuts at; no other constant is kept, since SQL literals
are data.
"""

from __future__ import annotations

from typing import TypeAlias

from sqlglot import exp

from guard.sql import functions
from guard.sql.marks import WAYS_FROM

Way: TypeAlias = tuple[str, ...]

UNNAMED = "~"  # an operator, a CASE, a field of a struct
LOST = "..."  # more steps, or more ways, than are told apart
MAX_WAYS = 128  # in one analysis; the bits of a mark are two for each
MAX_STEPS = 8  # of one way
STRAIGHT = 1 << WAYS_FROM  # the bit of the way without a step

_LOST = 1
_UNITS = frozenset({"year", "quarter", "month", "week", "day", "hour", "minute", "second"})
_MAX_POSITION = 1000
# The arguments that say where to cut.
_CUTS: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Substring: ("start", "length"),
    exp.Left: ("expression",),
    exp.Right: ("expression",),
    exp.Round: ("decimals",),
}
_DATES = (exp.DateTrunc, exp.TimestampTrunc, exp.DatetimeTrunc, exp.Extract)


class Ways:
    """Numbers the ways of one analysis. INVARIANT: the first two are the straight one and the lost one."""

    def __init__(self) -> None:
        self._ways: list[Way] = [(), (LOST,)]
        self._numbers: dict[Way, int] = {(): 0, (LOST,): _LOST}
        self._after: dict[tuple[int, str], int] = {}
        self._aggregates: set[str] = set()

    def after(self, mark: int, step: str, *, aggregates: bool) -> int:
        """The bits of the ways in `mark`, each followed by `step`."""
        ways = mark >> WAYS_FROM
        if aggregates:
            self._aggregates.add(step)
        found = self._after.get((ways, step))
        if found is None:
            found = 0
            for way in self._split(ways):
                found |= 1 << 2 * self._number((*way, step))
            self._after[ways, step] = found
        return found << WAYS_FROM

    def read(self, mark: int) -> list[Way]:
        """The ways in a mark, sorted."""
        return sorted(self._split(mark >> WAYS_FROM))

    def aggregates(self, way: Way) -> bool:
        """True when one of the steps is an aggregate over rows."""
        return not self._aggregates.isdisjoint(way)

    def _split(self, ways: int) -> list[Way]:
        found = []
        for number, way in enumerate(self._ways):
            pair = ways >> 2 * number & 3
            if pair & 1:
                found.append(way)
            if pair & 2:
                found.append((*way, UNNAMED))
        return found

    def _number(self, way: Way) -> int:
        number = self._numbers.get(way)
        if number is not None:
            return number
        if LOST in way or len(way) > MAX_STEPS or len(self._ways) >= MAX_WAYS:
            return _LOST
        number = self._numbers[way] = len(self._ways)
        self._ways.append(way)
        return number


def step(node: exp.Expr) -> str:
    """A call as a step: `lower`, `substring(7,8)`, `date_trunc(month)`, `sum over` for an aggregate over a window."""
    name = functions.name(node)
    constants = [_position(node.args.get(part)) for part in _CUTS.get(type(node), ())]
    if isinstance(node, _DATES):
        unit = node.this if isinstance(node, exp.Extract) else node.args.get("unit")
        word = unit.name.lower() if isinstance(unit, (exp.Var, exp.Literal)) else ""
        return f"{name}({word if word in _UNITS else '?'})"
    while constants and constants[-1] == "":
        constants.pop()
    return f"{name}({','.join(constants)})" if constants else name


def _position(node: exp.Expr | None) -> str:
    """A small whole number; `?` for anything else, and nothing for an argument that is not there."""
    if node is None:
        return ""
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit() and int(node.name) <= _MAX_POSITION:
        return node.name
    return "?"
