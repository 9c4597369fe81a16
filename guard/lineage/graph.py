"""Where did this field come from, where did it go: questions over stored edges, answered without IO.

Two ways of being reached are kept apart. A *flow* follows DIRECT edges only: the field's values, or something computed
from them, arrive. An *influence* passed at least one INDIRECT edge (a filter, a join, a sort): it decides which rows or
which branch, and brings no value. An edge to `*` influences every column of its target.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import Literal, TypeAlias

from guard.errors import UsageError
from guard.model import Dataset, Edge, FieldRef, Value

MAX_STEPS = 10_000  # edges in one answer; a longer one says that it was cut
MAX_DEPTH = 1_000  # hops
MAX_PATHS = 100
WHOLE = "*"  # the path that stands for every column

How: TypeAlias = Literal["flow", "influence"]
Direction: TypeAlias = Literal["upstream", "downstream"]


class Step(Value, frozen=True):
    """One edge of an answer: from `near`, which was reached already, to `far`, `depth` hops from the start.

    `again` says that what lies behind `far` is told elsewhere in the same answer.
    """

    near: FieldRef
    far: FieldRef
    edge: Edge
    depth: int
    how: How
    again: bool = False


class View(Value, frozen=True):
    """The neighbourhood of a field. `cut` says that there is more than was asked for; then `steps` is not all."""

    start: FieldRef
    direction: Direction
    steps: tuple[Step, ...] = ()
    cut: bool = False

    def fields(self, how: How | None = None) -> tuple[FieldRef, ...]:
        """The fields reached, nearest first, each once; only those that `how` reaches where it is given."""
        return tuple(dict.fromkeys(step.far for step in self.steps if how in (None, step.how)))


class Graph:
    """Edges, indexed both ways. Building is linear; an answer costs what it holds."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self._into: dict[FieldRef, list[Edge]] = defaultdict(list)
        self._out: dict[FieldRef, list[Edge]] = defaultdict(list)
        self._targets: dict[Dataset, dict[FieldRef, None]] = defaultdict(dict)  # a dict keeps the order, a set does not
        self._sources: dict[Dataset, dict[FieldRef, None]] = defaultdict(dict)
        for edge in sorted(dict.fromkeys(edges)):
            self._into[edge.target].append(edge)
            self._out[edge.source].append(edge)
            self._targets[edge.target.dataset][edge.target] = None
            self._sources[edge.source.dataset][edge.source] = None

    def upstream(self, field: FieldRef, *, depth: int = MAX_DEPTH, limit: int = MAX_STEPS) -> View:
        """What the field comes from or is influenced by, up to `depth` hops and `limit` edges."""
        return self._walk(field, "upstream", depth, limit)

    def downstream(self, field: FieldRef, *, depth: int = MAX_DEPTH, limit: int = MAX_STEPS) -> View:
        """What the field flows into or influences, up to `depth` hops and `limit` edges."""
        return self._walk(field, "downstream", depth, limit)

    def paths(self, source: FieldRef, target: FieldRef, *, limit: int = MAX_PATHS) -> tuple[tuple[Edge, ...], ...]:
        """The ways from one field to another that pass no field twice, shortest first; at most `limit`.

        Raises:
            UsageError: there is so much between the two that none was found so far.
        """
        useful = self._reaching(target)
        found: list[tuple[Edge, ...]] = []
        queue: deque[tuple[FieldRef, tuple[Edge, ...]]] = deque([(source, ())])
        budget = 10 * MAX_STEPS  # a dense graph has more ways than anyone reads
        while queue and len(found) < limit and budget > 0:
            field, path = queue.popleft()
            passed = {edge.source for edge in path}
            for edge in self._edges(field, "downstream"):
                budget -= 1
                if edge.source in passed:
                    continue
                if edge.target == target or edge.target == _whole(target):
                    found.append((*path, edge))
                elif edge.target in useful and edge.target not in passed:
                    queue.append((edge.target, (*path, edge)))
        if not found and budget <= 0:
            msg = "so much lies between the two fields that no way was found so far"
            raise UsageError(msg, help="ask about a field that is nearer")
        return tuple(found[:limit])

    def _walk(self, start: FieldRef, direction: Direction, depth: int, limit: int) -> View:
        steps: list[Step] = []
        cut = False
        # Each field is walked at most twice, as an influence and then as a flow; so cycles end.
        known: dict[FieldRef, How] = {start: "flow"}
        queue: deque[tuple[FieldRef, int, How]] = deque([(start, 0, "flow")])
        while queue:
            near, hops, how = queue.popleft()
            edges = self._edges(near, direction)
            room = max(0, limit - len(steps)) if hops < depth else 0
            cut = cut or len(edges) > room
            for edge in edges[:room]:
                far = edge.source if direction == "upstream" else edge.target
                reached: How = "flow" if how == "flow" and edge.type == "DIRECT" else "influence"
                again = known.get(far) in ("flow", reached)
                if not again:
                    known[far] = reached
                    queue.append((far, hops + 1, reached))
                steps.append(Step(near, far, edge, hops + 1, reached, again))
        return View(start, direction, tuple(steps), cut)

    def _edges(self, field: FieldRef, direction: Direction) -> list[Edge]:
        """The edges at a field: DIRECT ones first, then in the order of names.

        Going up, what influences the whole table influences the field; a whole table stands for all its columns.
        """
        fields: Iterable[FieldRef]
        if direction == "upstream":
            fields = self._targets.get(field.dataset, {}) if field.path == WHOLE else (field, _whole(field))
            edges = [edge for each in fields for edge in self._into.get(each, ())]
        else:
            fields = self._sources.get(field.dataset, {}) if field.path == WHOLE else (field,)
            edges = [edge for each in fields for edge in self._out.get(each, ())]
        return sorted(edges, key=lambda edge: edge.type)  # stable: DIRECT before INDIRECT

    def _reaching(self, target: FieldRef) -> set[FieldRef]:
        """The fields, and whole tables, from which some way leads to the target."""
        found: set[FieldRef] = set()
        queue = deque([target])
        while queue:
            for edge in self._edges(queue.popleft(), "upstream"):
                if edge.source not in found:
                    found |= {edge.source, _whole(edge.source)}
                    queue.append(edge.source)
        return found


def _whole(field: FieldRef) -> FieldRef:
    return FieldRef(field.dataset, WHOLE)
