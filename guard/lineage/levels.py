"""A full label pass over arrays: the fields of one level at once, since everything that leads to them is known by then.

Edges are put in rounds: those into one level, and of these the first into each field, the second, and so on. In a round
every field has one edge at most, so that a round is three look-ups in tables of marks.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

MAX_ROUNDS = 4_000  # more, and the edges are followed one by one
MAX_TABLE = 1 << 24  # cells of a table of marks


class Rounds:
    """The edges of an acyclic graph in rounds; made once for a graph."""

    def __init__(self, level: Any, first: array[int], other: array[int], how: array[int]) -> None:
        import numpy as np

        begins = np.frombuffer(first, dtype=np.int64)
        degree = np.diff(begins)
        target = np.repeat(np.arange(len(degree)), degree)
        rank = np.arange(len(target)) - begins[target]
        order = np.lexsort((rank, level[target])) if len(target) else np.zeros(0, dtype=np.int64)
        self.target = target[order]
        self.source = np.frombuffer(other, dtype=np.int64)[order] if len(target) else order
        self.how = np.frombuffer(how, dtype=np.int64)[order] if len(target) else order
        round_of = level[self.target] * (int(rank.max(initial=0)) + 1) + rank[order]
        cuts = np.flatnonzero(np.diff(round_of)) + 1 if len(round_of) else order
        self.bounds = [0, *cuts.tolist(), len(self.target)]

    @property
    def few(self) -> bool:
        """True when following rounds costs less than following edges."""
        return len(self.bounds) <= MAX_ROUNDS


def push(
    rounds: Rounds, marks: array[int], move: Callable[[int, int], int], join: Callable[[int, int], int], transfers: int
) -> bool:
    """Moves all marks along all edges; `marks` holds the fields' own to begin with. False: the tables are too large.

    `move` is what becomes of a mark over a transfer, `join` what two marks make together; each is asked once.
    """
    import numpy as np

    now = np.frombuffer(marks, dtype=np.int64).copy()
    moved = np.full(0, -1, dtype=np.int64)
    joined: dict[int, int] = {}
    table = np.full(0, -1, dtype=np.int64)
    side = 0
    for begin, end in zip(rounds.bounds, rounds.bounds[1:], strict=False):
        there = now[rounds.source[begin:end]]
        some = np.flatnonzero(there)
        if not len(some):
            continue
        key = there[some] * transfers + rounds.how[begin:end][some]
        most = int(key.max()) + 1
        if most > MAX_TABLE:
            return False
        if most > len(moved):
            moved = np.concatenate((moved, np.full(most * 2 - len(moved), -1, dtype=np.int64)))
        new = moved[key]
        if (new < 0).any():
            for one in np.unique(key[new < 0]).tolist():
                moved[one] = move(one // transfers, one % transfers)
            new = moved[key]
        target = rounds.target[begin:end][some]
        old = now[target]
        both = np.flatnonzero((old != 0) & (new != 0) & (old != new))
        result = np.where(old == 0, new, old)
        if len(both):
            wide = int(max(old[both].max(), new[both].max())) + 1
            if wide > side:
                side = max(wide * 2, 64)
                if side * side > MAX_TABLE:
                    return False
                table = np.full(side * side, -1, dtype=np.int64)
                for pair, mark in joined.items():
                    table[(pair >> 31) * side + (pair & 0x7FFFFFFF)] = mark
            cell = old[both] * side + new[both]
            value = table[cell]
            if (value < 0).any():
                for one in np.unique(cell[value < 0]).tolist():
                    mark = table[one] = join(one // side, one % side)
                    joined[(one // side) << 31 | one % side] = mark
                value = table[cell]
            result[both] = value
        now[target] = result
    marks[:] = array("q", now.tobytes())
    return True
