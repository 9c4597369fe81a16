"""A full label pass over arrays: the fields of one level at once, since everything that leads to them is known by then.

Edges are put in rounds: those into one level, and of these the first into each field, the second, and so on. In a round
every field has one edge at most, so that a round is a few look-ups. A level that holds a cycle goes round it until
nothing changes before the next one begins.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from guard.lineage.links import Side
from guard.lineage.marks import PAIR, SIDE, WIDTH, Marks
from guard.lineage.order import Order

MAX_TABLE = 1 << 22  # cells of a table of moves; beyond it keys are looked up one by one
_FEW = 24  # edges of a round, below which a loop is faster


class Knot(NamedTuple):
    """The edges inside the cycles of one level, by the field that they leave: (other end, transfer)."""

    out: dict[int, list[tuple[int, int]]]


class Rounds:
    """The edges of a graph in the order in which labels follow them; made once for a graph."""

    def __init__(self, order: Order, out: Side, into: Side) -> None:
        import numpy as np

        first, source, how = (_view(part) for part in (into.first, into.other, into.how))
        degree = np.diff(first)
        target = np.repeat(np.arange(len(degree)), degree)
        rank = np.arange(len(target)) - first[target]
        level = order.level[target]
        step = int(rank.max(initial=0)) + 1
        key = level * step + rank
        if len(order.knots):
            heads = np.zeros(len(degree), dtype=bool)
            heads[list(order.tied)] = True
            # Inside a cycle both ends have one level; every other edge goes up.
            plain = ~(heads[target] & (order.level[source] == level))
            target, source, how, key = target[plain], source[plain], how[plain], key[plain]
        key = _narrow(key)
        turn = np.argsort(key, kind="stable")
        self.target, self.source, self.how, key = target[turn], source[turn], how[turn], key[turn]
        cuts = (np.flatnonzero(np.diff(key)) + 1).tolist() if len(key) else []
        bounds = [0, *cuts, len(key)] if len(key) else [0]
        rounds = [(int(key[begin]) // step, begin, end) for begin, end in pairwise(bounds)]
        self.steps = _steps(rounds, _knots(order, out))


def _narrow(key: Any) -> Any:
    """In the shortest type that holds it: numbers of sixteen bits are sorted by counting."""
    import numpy as np

    return key.astype(np.uint16) if len(key) and int(key.max()) < 1 << 16 else key


def _view(part: array[int]) -> Any:
    import numpy as np

    return np.frombuffer(part, dtype=np.int64) if len(part) else np.zeros(0, dtype=np.int64)


def _knots(order: Order, out: Side) -> dict[int, Knot]:
    import numpy as np

    found: dict[int, Knot] = {}
    if len(order.knots):
        sources = np.searchsorted(_view(out.first), order.knots, side="right") - 1
        for at, source in zip(order.knots.tolist(), sources.tolist(), strict=True):
            knot = found.setdefault(int(order.level[source]), Knot({}))
            knot.out.setdefault(source, []).append((out.other[at], out.how[at]))
    return found


class Loop(NamedTuple):
    """Edges that are followed one by one, in order."""

    begin: int
    end: int


class Round(NamedTuple):
    """Edges that are followed at once, no two into one field."""

    begin: int
    end: int


def _steps(rounds: Sequence[tuple[int, int, int]], knots: dict[int, Knot]) -> list[Loop | Round | Knot]:
    """Rounds of (level, begin, end) in order, and behind those into a level its knot; small ones become one loop."""
    steps: list[Loop | Round | Knot] = []
    waiting = sorted(knots, reverse=True)
    for level, begin, end in rounds:
        while waiting and waiting[-1] < level:
            steps.append(knots[waiting.pop()])
        if end - begin >= _FEW:
            steps.append(Round(begin, end))
        elif steps and isinstance(steps[-1], Loop):
            steps[-1] = Loop(steps[-1].begin, end)
        else:
            steps.append(Loop(begin, end))
    return [*steps, *(knots[level] for level in reversed(waiting))]


def push(rounds: Rounds, marks: Marks, sets: array[int], sways: array[int]) -> None:
    """Moves all labels along all edges; `sets` holds the fields' own to begin with."""
    moved = _Known(lambda key: marks.move(key // WIDTH, key % WIDTH), marks)
    for step in rounds.steps:
        if isinstance(step, Knot):
            _round(step, marks, sets, sways)
            continue
        part = slice(step.begin, step.end)
        source, target, how = rounds.source[part], rounds.target[part], rounds.how[part]
        if isinstance(step, Loop):
            for edge in zip(source.tolist(), target.tolist(), how.tolist(), strict=True):
                _follow(marks, sets, sways, *edge)
        else:
            _together(source, target, how, marks, moved, _view(sets), _view(sways))


def _follow(marks: Marks, sets: array[int], sways: array[int], source: int, target: int, how: int) -> bool:
    """One edge; True where something changed at its end."""
    here, sway = sets[source], sways[source]
    if not here and not sway:
        return False
    old, swayed = sets[target], sways[target]
    if how == SIDE:
        sway = marks.sway(sway, marks.sway_of(here))
    else:
        sets[target] = marks.join(old, marks.move(here, how))
    sways[target] = marks.sway(swayed, sway)
    return sets[target] != old or sways[target] != swayed


def _round(knot: Knot, marks: Marks, sets: array[int], sways: array[int]) -> None:
    """Goes round cycles until nothing changes. States and levels only get worse and kinds only more, so it ends."""
    queue = sorted(knot.out)
    waiting = set(queue)
    for source in queue:  # the list grows while it is walked
        waiting.discard(source)
        for target, how in knot.out[source]:
            if _follow(marks, sets, sways, source, target, how) and target not in waiting and target in knot.out:
                waiting.add(target)
                queue.append(target)


def _together(source: Any, target: Any, how: Any, marks: Marks, moved: _Known, holds: Any, influence: Any) -> None:
    import numpy as np

    there = holds[source]
    some = np.flatnonzero((there != 0) & (how != SIDE))
    if len(some):
        new = moved(there[some], how[some])
        _joined(holds, target[some], new, marks.joined, marks.join)
    sway = influence[source]
    side = np.flatnonzero((there != 0) & (how == SIDE))
    if len(side):
        sets_there, at = np.unique(there[side], return_inverse=True)
        more = np.array([marks.sway_of(one) for one in sets_there.tolist()], dtype=np.int64)[at]
        _joined(sway, side, more, marks.swayed, marks.sway)
    some = np.flatnonzero(sway)
    if len(some):
        _joined(influence, target[some], sway[some], marks.swayed, marks.sway)


def _joined(values: Any, places: Any, new: Any, known: dict[int, int], join: Callable[[int, int], int]) -> None:
    """Joins `new` into `values` at `places`, each of which stands there once; each pair is asked once."""
    import numpy as np

    old = values[places]
    result = np.where(old == 0, new, old)
    both = np.flatnonzero((old != 0) & (new != 0) & (old != new))
    if len(both):
        pairs, at = np.unique(old[both] << PAIR | new[both], return_inverse=True)
        mask = (1 << PAIR) - 1
        made = [known.get(pair) or join(pair >> PAIR, pair & mask) for pair in pairs.tolist()]
        result[both] = np.array(made, dtype=np.int64)[at]
    values[places] = result


class _Known:
    """What sets become over transfers, for arrays of both: from a table where they are few, else each pair once."""

    def __init__(self, ask: Callable[[int], int], marks: Marks) -> None:
        import numpy as np

        self._ask = ask
        self._marks = marks
        self._table = np.full(0, -1, dtype=np.int64)

    def __call__(self, sets: Any, transfers: Any) -> Any:
        import numpy as np

        width = self._marks.transfers
        key = sets * width + transfers
        most = int(key.max()) + 1
        if most > MAX_TABLE:
            keys, at = np.unique(sets * WIDTH + transfers, return_inverse=True)
            return np.array([self._ask(one) for one in keys.tolist()], dtype=np.int64)[at]
        if most > len(self._table):
            more = np.full(min(most * 2, MAX_TABLE) - len(self._table), -1, dtype=np.int64)
            self._table = np.concatenate((self._table, more))
        new = self._table[key]
        unknown = np.unique(key[new < 0])
        if len(unknown):
            for one in unknown.tolist():
                self._table[one] = self._ask(one // width * WIDTH + one % width)
            new = self._table[key]
        return new
