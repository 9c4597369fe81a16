"""Sources before targets: the level of each field, where the fields of one cycle count as one.

Kahn's way by whole frontiers: what waits for nothing is one level, and frees the next. A wide frontier is freed with
array operations, a narrow one by a loop, so that long chains cost no more than wide layers.
"""

from __future__ import annotations

from array import array
from typing import Any

_NARROW = 64  # fields of a frontier, below which a loop is faster


class Order:
    """`level[n]` is the length of the longest way to field n; `place` a rank that no edge outside of cycles goes down.

    `knots` are the edges inside cycles, as indexes into the outgoing edges; `tied` the fields on cycles.
    """

    __slots__ = ("knots", "level", "place", "tied")

    def __init__(self, first: array[int], other: array[int]) -> None:
        import numpy as np

        begins = np.frombuffer(first, dtype=np.int64)
        ends = np.frombuffer(other, dtype=np.int64) if len(other) else np.zeros(0, dtype=np.int64)
        size = len(first) - 1
        level = _levels(first, other)
        self.knots: Any = np.zeros(0, dtype=np.int64)
        self.tied: set[int] = set()
        if (level < 0).any():
            heads = _heads(begins, ends, level)
            near, far = heads[np.repeat(np.arange(size), np.diff(begins))], heads[ends]
            inside = near == far
            self.knots = np.flatnonzero(inside)
            self.tied = set(ends[inside].tolist())
            level = _levels(*_sorted(near[~inside], far[~inside], size))[heads]
        self.level = level
        place = np.empty(size, dtype=np.int64)
        place[np.argsort(level, kind="stable")] = np.arange(size)
        self.place = array("q", place.tobytes())


def _sorted(near: Any, far: Any, size: int) -> tuple[array[int], array[int]]:
    import numpy as np

    first = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(near, minlength=size), out=first[1:])
    return array("q", first.tobytes()), array("q", far[np.argsort(near, kind="stable")].tobytes())


def _levels(first: array[int], other: array[int]) -> Any:
    """The level of each field; -1 for what lies on cycles and behind them."""
    import numpy as np

    size = len(first) - 1
    begins = np.frombuffer(first, dtype=np.int64)
    ends = np.frombuffer(other, dtype=np.int64) if len(other) else np.zeros(0, dtype=np.int64)
    waits = array("q", np.bincount(ends, minlength=size).astype(np.int64).tobytes())
    levels = array("q", b"\xff" * 8 * size)
    waiting, level = (
        np.frombuffer(one, dtype=np.int64) if size else ends for one in (waits, levels)
    )  # the same memory
    frontier: list[int] = np.flatnonzero(waiting == 0).tolist()
    depth = 0
    while frontier:
        if len(frontier) < _NARROW:
            free = []
            for number in frontier:
                levels[number] = depth
                for at in range(first[number], first[number + 1]):
                    target = other[at]
                    waits[target] -= 1
                    if not waits[target]:
                        free.append(target)
        else:
            fields = np.array(frontier, dtype=np.int64)
            level[fields] = depth
            targets, times = np.unique(ends[_edges_of(begins, fields)], return_counts=True)
            waiting[targets] -= times
            free = targets[waiting[targets] == 0].tolist()
        frontier = free
        depth += 1
    return level


def _edges_of(begins: Any, fields: Any) -> Any:
    """The indexes of the edges of some fields."""
    import numpy as np

    begin = begins[fields]
    count = begins[fields + 1] - begin
    before = np.cumsum(count) - count
    return np.repeat(begin - before, count) + np.arange(int(count.sum()))


def _heads(begins: Any, ends: Any, level: Any) -> Any:
    """For each field one that stands for all of its cycle; for most fields themselves."""
    import numpy as np

    size = len(level)
    heads = np.arange(size)
    near = np.repeat(np.arange(size), np.diff(begins))
    left = (level[near] < 0) & (level[ends] < 0)
    # What lies behind cycles only is on none: it waits for nothing when edges are followed backwards.
    behind = _levels(*_sorted(ends[left], near[left], size))
    core = left & (behind[near] < 0) & (behind[ends] < 0)
    first, other = _sorted(near[core], ends[core], size)
    for cycle in _cycles(first, other, np.unique(near[core]).tolist()):
        heads[cycle] = min(cycle)
    return heads


def _cycles(first: array[int], other: array[int], fields: list[int]) -> list[list[int]]:
    """The strongly connected components of more than one field (Tarjan 1972, without recursion)."""
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    path: list[int] = []
    on_path: set[int] = set()
    found: list[list[int]] = []
    for root in fields:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        path.append(root)
        on_path.add(root)
        work = [(root, first[root])]
        while work:
            number, at = work.pop()
            if at < first[number + 1]:
                work.append((number, at + 1))
                target = other[at]
                if target not in index:
                    index[target] = low[target] = len(index)
                    path.append(target)
                    on_path.add(target)
                    work.append((target, first[target]))
                elif target in on_path:
                    low[number] = min(low[number], index[target])
                continue
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[number])
            if low[number] == index[number]:
                cycle: list[int] = []
                while not cycle or cycle[-1] != number:
                    cycle.append(path.pop())
                    on_path.discard(cycle[-1])
                if len(cycle) > 1:
                    found.append(cycle)
    return found
