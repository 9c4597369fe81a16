"""The edges of a graph in numbers: two sorted arrays, and beside them the edges that came after the build."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Any

from guard.errors import UsageError

MAX_EDGES = 20_000_000


class Side:
    """The edges of one direction: those of field n lie at `first[n]` up to `first[n + 1]`."""

    __slots__ = ("first", "how", "other")

    def __init__(self, near: Any, far: Any, how: Any, size: int) -> None:
        import numpy as np

        order = np.argsort(near, kind="stable")
        first = np.zeros(size + 1, dtype=np.int64)
        np.cumsum(np.bincount(near, minlength=size), out=first[1:])
        self.first = array("q", first.tobytes())
        self.other = array("q", far[order].tobytes())
        self.how = array("q", how[order].tobytes())


class Rows:
    """Edges as they are told, by columns."""

    __slots__ = ("how", "source", "target")

    def __init__(self) -> None:
        self.source, self.target, self.how = array("q"), array("q"), array("q")

    def append(self, source: int, target: int, transfer: int) -> None:
        """Takes one edge.

        Raises:
            UsageError: there are too many.
        """
        if len(self.source) >= MAX_EDGES:
            raise too_large()
        self.source.append(source)
        self.target.append(target)
        self.how.append(transfer)

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        return zip(self.source, self.target, self.how, strict=True)


class Links:
    """All edges, both ways. `built` fields have theirs in arrays; what came later stands in lists."""

    def __init__(self, rows: Rows, size: int) -> None:
        import numpy as np

        source, target, how = (
            np.frombuffer(column, dtype=np.int64) if len(column) else np.zeros(0, dtype=np.int64)
            for column in (rows.source, rows.target, rows.how)
        )
        self.built = size
        self.edges = len(source)
        self.out = Side(source, target, how, size)
        self.into = Side(target, source, how, size)
        self.late_out: dict[int, list[tuple[int, int]]] = {}  # by field: (other end, transfer)
        self.late_into: dict[int, list[tuple[int, int]]] = {}
        self._late: set[tuple[int, int, int]] = set()

    def extend(self, source: int, target: int, transfer: int) -> bool:
        """Takes one more edge; False where it is known.

        Raises:
            UsageError: there are too many.
        """
        row = (source, target, transfer)
        if row in self._late:
            return False
        if source < self.built:
            first, out = self.out.first, self.out
            for at in range(first[source], first[source + 1]):
                if out.other[at] == target and out.how[at] == transfer:
                    return False
        if self.edges >= MAX_EDGES:
            raise too_large()
        self.edges += 1
        self._late.add(row)
        self.late_out.setdefault(source, []).append((target, transfer))
        self.late_into.setdefault(target, []).append((source, transfer))
        return True

    def change(self, source: int, target: int, old: int, new: int) -> None:
        """Gives the edge between two fields another transfer."""
        for side, late, near, far in (
            (self.out, self.late_out, source, target),
            (self.into, self.late_into, target, source),
        ):
            if near < self.built:
                for at in range(side.first[near], side.first[near + 1]):
                    if side.other[at] == far and side.how[at] == old:
                        side.how[at] = new
            if (far, old) in late.get(near, ()):
                late[near] = [(far, new) if one == (far, old) else one for one in late[near]]

    def followers(self, number: int) -> Sequence[int]:
        """The fields at the ends of a field's edges."""
        first = self.out.first
        found: Sequence[int] = self.out.other[first[number] : first[number + 1]] if number < self.built else ()
        more = self.late_out.get(number)
        return [*found, *(other for other, _ in more)] if more else found

    def arrivals(self, number: int) -> Iterator[tuple[int, int]]:
        """Where a field's values come from, and over which transfer."""
        if number < self.built:
            first, into = self.into.first, self.into
            for at in range(first[number], first[number + 1]):
                yield into.other[at], into.how[at]
        yield from self.late_into.get(number, ())

    def reach(self, start: int, limit: int, *, down: bool) -> list[int]:
        """The fields behind `start`, nearest first, without itself; at most `limit`."""
        side, late = (self.out, self.late_out) if down else (self.into, self.late_into)
        first, other = side.first, side.other
        seen = {start}
        queue = [start]
        for number in queue:  # the list grows while it is walked
            ends: Sequence[int] = other[first[number] : first[number + 1]] if number < self.built else ()
            if late and number in late:
                ends = [*ends, *(end for end, _ in late[number])]
            for next_one in ends:
                if next_one not in seen:
                    seen.add(next_one)
                    queue.append(next_one)
            if len(queue) > limit:
                break
        return queue[1 : limit + 1]


def too_large() -> UsageError:
    """The refusal of a graph beyond the bound: never a part of it instead."""
    return UsageError(f"the graph has more than {MAX_EDGES} edges", help="ask about a part of it")
