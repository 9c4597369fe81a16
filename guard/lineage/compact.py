"""The graph of an estate in numbers: a million columns, labels pushed along all edges, one column retagged at once.

Fields and transfers (what an edge does to labels) are numbered, edges lie in two sorted arrays, and so do the marks: a
mark is one number for *these labels and these influences*. Marks are few, because most fields carry the same things,
so that a push is a look-up. Recomputing after a change touches what lies downstream of it and nothing else.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from guard.errors import UsageError
from guard.lineage.graph import WHOLE
from guard.lineage.label_rules import LabelRules
from guard.lineage.levels import Rounds, push
from guard.lineage.propagate import Carried, carried, over, worst
from guard.model import Dataset, Edge, FieldRef, Label, Value

MAX_EDGES = 20_000_000
MAX_REACH = 100_000  # fields of one answer
BY_LEVELS = 20_000  # edges from which a full pass goes level by level
_SIDE = 0  # the transfer that brings no label, only influence
_KEEP = 1  # the one of a copy
WIDTH = 1 << 24  # transfers at most; a mark and a transfer make one key


class Standing(Value, frozen=True, order=True):
    """What lineage says of a field: the labels that arrive, and the kinds that decided about its rows or branches."""

    labels: tuple[Carried, ...] = ()
    influenced_by: tuple[str, ...] = ()


NOTHING = Standing()


class CompactGraph:
    """Edges by number. Answers are field numbers; `name` and `number` lead from and to fields."""

    def __init__(
        self, edges: Iterable[Edge], rules: LabelRules, *, groups: Mapping[Dataset, int] | None = None
    ) -> None:
        self._rules = rules
        self._groups = groups or {}
        self._numbers: dict[FieldRef, int] = {}
        self._names: list[FieldRef] = []
        # A transfer is what an edge does, apart from where it is: an example, and the group enforced on its target.
        copy = Edge(FieldRef(Dataset("", ""), ""), FieldRef(Dataset("", ""), ""), "DIRECT", "IDENTITY")
        self._transfers: dict[tuple[object, ...], int] = {("IDENTITY", False, (), None): _KEEP}
        self._examples: list[tuple[Edge | None, int | None]] = [(None, None), (copy, None)]
        self._read: set[int] = set()  # wholes out of which values go
        self._filled: set[int] = set()  # wholes into which values go
        self._stated: set[tuple[int, int]] = set()  # influences of a whole on its own column that an edge tells
        rows = list(self._rows(edges))
        rows += list(self._wholes(rows))
        if len(rows) > MAX_EDGES:
            msg = f"the graph has more than {MAX_EDGES} edges"
            raise UsageError(msg, help="ask about a part of it")
        self.edges = len(rows)
        size = len(self._names)
        self._out = _Side(rows, size, 0, 1)
        self._in = _Side(rows, size, 1, 0)
        self._order = self._topological()
        self._marks = array("q", bytes(8 * size))
        self._rounds: Rounds | None = None  # made at the first full pass over a large graph
        self._own: dict[int, tuple[Carried, ...]] = {}
        self._lent: dict[int, tuple[Carried, ...]] = {}  # to a whole that is read, by the columns that no edge names
        self._apart: dict[Dataset, dict[FieldRef, tuple[Carried, ...]]] = {}  # labels of fields that no edge touches
        self._fresh: dict[tuple[Label, ...], tuple[Carried, ...]] = {}
        self._standings: list[Standing] = [NOTHING]
        self._mark_of: dict[Standing, int] = {NOTHING: 0}
        self._moved: dict[int, int] = {}
        self._joined: dict[int, int] = {}
        # Edges that came after the build, by field: (other end, transfer).
        self._late_out: dict[int, list[tuple[int, int]]] = {}
        self._late_in: dict[int, list[tuple[int, int]]] = {}
        self._late: set[tuple[int, int, int]] = set()
        self._of: dict[Dataset, list[int]] = {}  # made with the first late edge

    def number(self, field: FieldRef) -> int | None:
        """The number of a field, None where no edge touches it."""
        return self._numbers.get(field)

    def name(self, number: int) -> FieldRef:
        """The field of a number."""
        return self._names[number]

    def __len__(self) -> int:
        return len(self._names)

    def downstream(self, start: int, *, limit: int = MAX_REACH) -> list[int]:
        """The fields that `start` flows into or influences, nearest first, without itself; at most `limit`."""
        return self._reach(self._out, start, limit)

    def upstream(self, start: int, *, limit: int = MAX_REACH) -> list[int]:
        """The fields that `start` comes from or is influenced by, nearest first."""
        return self._reach(self._in, start, limit)

    def standing(self, field: FieldRef) -> Standing:
        """What the last pass says of a field."""
        number = self._numbers.get(field)
        return (
            Standing(self._apart.get(field.dataset, {}).get(field, ()))
            if number is None
            else self._standings[self._marks[number]]
        )

    def standings(self) -> Mapping[FieldRef, tuple[Carried, ...]]:
        """The fields that carry labels."""
        told = {
            self._names[number]: labels
            for number, mark in enumerate(self._marks)
            if mark and (labels := self._standings[mark].labels)
        }
        return told | {field: labels for apart in self._apart.values() for field, labels in apart.items()}

    def where(self, kind: str, *, only_sensitive: bool = False) -> list[FieldRef]:
        """Where data of a kind is now, sorted; the kinds below it (`person.` stands for all of a family) too."""

        def holds(labels: Iterable[Carried]) -> bool:
            return any(
                (label.kind == kind or (kind.endswith(".") and label.kind.startswith(kind)))
                and (label.sensitive or not only_sensitive)
                for label in labels
            )

        marks = {mark for mark, standing in enumerate(self._standings) if holds(standing.labels)}
        apart = [field for fields in self._apart.values() for field, labels in fields.items() if holds(labels)]
        return sorted([*apart, *(self._names[number] for number, mark in enumerate(self._marks) if mark in marks)])

    def label(self, labels: Mapping[FieldRef, Sequence[Label]]) -> None:
        """Forgets all labels and pushes these along all edges."""
        self._own, self._lent, self._apart = {}, {}, {}
        for field, own in labels.items():
            self._give(field, own)
        self._marks = marks = array("q", bytes(8 * len(self._names)))
        mark_of = {mine: self._mark(Standing(mine)) for mine in set(self._own.values())}
        for number, mine in self._own.items():
            marks[number] = mark_of[mine]
        for number in self._lent:
            marks[number] = self._mark(Standing(self._mine(number)))
        again = set() if self._pushed_by_levels(marks) else self._push(marks)
        first, to = self._out.first, self._out.other
        # What follows such a field was computed from its old mark.
        late = {target for targets in self._late_out.values() for target, _ in targets}
        self._settle(late | {to[at] for target in again for at in range(first[target], first[target + 1])})

    def _pushed_by_levels(self, marks: array[int]) -> bool:
        """A large graph without cycles is passed level by level; False where it was not."""
        if len(self._in.other) < BY_LEVELS or self._order.sorted < len(self._in.first) - 1:
            return False
        if self._rounds is None:
            self._rounds = Rounds(self._order.levels(self._in.first, self._in.other), *self._in.arrays())
        return self._rounds.few and push(
            self._rounds,
            marks,
            self._known_move,
            self._known_join,
            len(self._examples),
        )

    def _known_move(self, mark: int, transfer: int) -> int:
        found = self._moved.get(mark * WIDTH + transfer, -1)
        return self._move(mark, transfer) if found < 0 else found

    def _known_join(self, old: int, new: int) -> int:
        found = self._joined.get(old << 31 | new, -1)
        return self._join(old << 31 | new) if found < 0 else found

    def _push(self, marks: array[int]) -> set[int]:
        """Follows edge by edge in topological order; returns the fields that a cycle led back to."""
        first, to, how = self._out.first, self._out.other, self._out.how
        moved, joined, width = self._moved, self._joined, WIDTH
        built = len(first) - 1
        again: set[int] = set()
        place = self._order.place
        for node in self._order.nodes:
            mark = marks[node]
            if not mark or node >= built:
                continue
            for at in range(first[node], first[node + 1]):
                key = mark * width + how[at]
                new = moved.get(key, -1)
                if new < 0:
                    new = self._move(mark, how[at])
                old = marks[to[at]]
                if not new or new == old:
                    continue
                target = to[at]
                if old:
                    pair = old << 31 | new
                    new = joined.get(pair, -1)
                    if new < 0:
                        new = self._join(pair)
                if new != old:
                    marks[target] = new
                    if place[target] <= place[node]:  # a cycle leads back
                        again.add(target)
        return again

    def add(self, edges: Iterable[Edge]) -> list[FieldRef]:
        """Takes more edges in and moves labels over them; returns the fields whose standing changed.

        Costs what the edges and what lies behind them cost. A graph that grew by half is better built anew.

        Raises:
            UsageError: the graph becomes too large.
        """
        if not self._of:
            for number, name in enumerate(self._names):
                self._of.setdefault(name.dataset, []).append(number)
        touched: set[int] = set()
        stale: set[int] = set()
        for edge in edges:
            source, target = self._late_number(edge.source, touched), self._late_number(edge.target, touched)
            transfer = self._transfer(edge)
            self._extend((source, target, transfer), touched)
            if transfer == _SIDE:
                if self._within(source, target):
                    self._stated.add((source, target))
                continue
            if self._is_whole(source) and source not in self._read:
                self._read.add(source)
                self._lend(source)
                touched.add(source)
                for each in self._others(source):
                    self._extend((each, source, _KEEP), touched)
            if self._is_whole(target) and target not in self._filled:
                self._filled.add(target)
                for each in self._others(target):
                    self._turn(target, each)
                    stale.add(each)
        before: dict[int, int] = {}
        for number in [*stale, *(each for one in stale for each in self._reach(self._out, one, len(self._names)))]:
            before.setdefault(number, self._marks[number])
            self._marks[number] = 0
            touched.add(number)
        self._settle(touched, before)
        return [self._names[number] for number, mark in before.items() if self._marks[number] != mark]

    def arriving(self, field: FieldRef) -> Standing:
        """What comes to a field along its edges, without the labels of its own."""
        number = self._numbers.get(field)
        return NOTHING if number is None else self._standings[self._compute(number, own=False)]

    def _others(self, whole: int) -> list[int]:
        return [number for number in self._of[self._names[whole].dataset] if number != whole]

    def _extend(self, row: tuple[int, int, int], touched: set[int]) -> None:
        source, target, transfer = row
        first, out = self._out.first, self._out
        built = source + 1 < len(first) and any(
            out.other[at] == target and out.how[at] == transfer for at in range(first[source], first[source + 1])
        )
        if built or row in self._late:
            return
        if self.edges >= MAX_EDGES:
            msg = f"the graph has more than {MAX_EDGES} edges"
            raise UsageError(msg, help="ask about a part of it")
        self.edges += 1
        self._late.add(row)
        self._late_out.setdefault(source, []).append((target, transfer))
        self._late_in.setdefault(target, []).append((source, transfer))
        touched.add(target)

    def _turn(self, whole: int, each: int) -> None:
        """Values go into a table as a whole: what was an influence of the whole on a column is now a way of values."""
        if (whole, each) in self._stated:  # an edge says so beside
            self._extend((whole, each, _KEEP), set())
            return
        for side, late, near, far in (
            (self._out, self._late_out, whole, each),
            (self._in, self._late_in, each, whole),
        ):
            if near + 1 < len(side.first):
                for at in range(side.first[near], side.first[near + 1]):
                    if side.other[at] == far and side.how[at] == _SIDE:
                        side.how[at] = _KEEP
            if (far, _SIDE) in late.get(near, ()):
                late[near] = [(far, _KEEP) if one == (far, _SIDE) else one for one in late[near]]

    def _late_number(self, field: FieldRef, touched: set[int]) -> int:
        number = self._numbers.get(field)
        if number is not None:
            return number
        number = self._number(field)
        self._marks.append(0)
        self._order.nodes.append(number)
        self._order.place.append(number)  # behind all others: the order only saves work
        siblings = self._of.setdefault(field.dataset, [])
        whole = self._numbers.get(FieldRef(field.dataset, WHOLE))
        if field.path == WHOLE:
            for each in siblings:
                self._extend((number, each, _SIDE), touched)
        elif whole is not None:
            self._extend((whole, number, _KEEP if whole in self._filled else _SIDE), touched)
            if whole in self._read:
                self._extend((number, whole, _KEEP), touched)
        siblings.append(number)
        mine = self._apart.get(field.dataset, {}).pop(field, ())
        if mine:
            self._own[number] = mine
            if whole is not None and whole in self._read:
                self._lend(whole)
        touched.add(number)
        return number

    def retag(self, field: FieldRef, labels: Sequence[Label]) -> list[FieldRef]:
        """Gives a field other labels of its own; returns the fields whose standing changed, itself included.

        Everything downstream is computed anew, so that a label taken away goes away there as well.
        """
        start = self._give(field, labels)
        if start is None:
            return [field]
        touched = [start, *self._reach(self._out, start, len(self._names))]
        before = {number: self._marks[number] for number in touched}
        for number in touched:
            self._marks[number] = 0
        self._settle(touched)
        return [self._names[number] for number in touched if self._marks[number] != before[number]]

    def _carried(self, labels: tuple[Label, ...]) -> tuple[Carried, ...]:
        found = self._fresh.get(labels)
        if found is None:
            found = self._fresh[labels] = worst(carried(label) for label in labels)
        return found

    def _give(self, field: FieldRef, labels: Sequence[Label]) -> int | None:
        """Sets the labels of a field's own; returns where they start, None where no edge touches them."""
        own = self._carried(tuple(labels))
        number = self._numbers.get(field)
        if number is None:
            apart = self._apart.setdefault(field.dataset, {})
            apart.pop(field, None)
            if own:
                apart[field] = own
            whole = self._numbers.get(FieldRef(field.dataset, WHOLE))
            if whole is None or whole not in self._read:
                return None
            self._lend(whole)
            return whole
        if own:
            self._own[number] = own
        else:
            self._own.pop(number, None)
        return number

    def _lend(self, whole: int) -> None:
        """The table was read as a whole, when its columns were not known: their labels may be in all of it."""
        apart = self._apart.get(self._names[whole].dataset, {})
        lent = worst(label for labels in apart.values() for label in labels)
        if lent:
            self._lent[whole] = lent
        else:
            self._lent.pop(whole, None)

    def _mine(self, number: int) -> tuple[Carried, ...]:
        """The labels that a field has before anything comes to it."""
        own, lent = self._own.get(number, ()), self._lent.get(number, ())
        return worst((*own, *lent)) if own and lent else own or lent

    def _settle(self, numbers: Iterable[int], before: dict[int, int] | None = None) -> None:
        """Computes these fields from what leads to them, and what follows, until nothing changes.

        `before` is told the mark that each changed field had.
        """
        place = self._order.place
        queue = [(place[number], number) for number in numbers]
        heapq.heapify(queue)
        waiting = {number for _, number in queue}
        while queue:
            _, number = heapq.heappop(queue)
            waiting.discard(number)
            mark, old = self._compute(number), self._marks[number]
            if mark != old and mark and old and place[number] >= self._order.sorted:
                # On a cycle what came once may come back under another account; only what is worse may replace it.
                joined = self._joined.get(old << 31 | mark, -1)
                mark = self._join(old << 31 | mark) if joined < 0 else joined
            if mark == old:
                continue
            if before is not None:
                before.setdefault(number, self._marks[number])
            self._marks[number] = mark
            for follower in self._next(self._out, self._late_out, number):
                if follower not in waiting:
                    waiting.add(follower)
                    heapq.heappush(queue, (place[follower], follower))

    def _next(self, side: _Side, late: Mapping[int, Sequence[tuple[int, int]]], number: int) -> Iterable[int]:
        """The fields at the other ends of a field's edges."""
        first = side.first
        found: Sequence[int] = side.other[first[number] : first[number + 1]] if number + 1 < len(first) else ()
        more = late.get(number)
        return [*found, *(other for other, _ in more)] if more else found

    def _compute(self, number: int, *, own: bool = True) -> int:
        mine = self._mine(number) if own else self._lent.get(number, ())
        mark = self._mark(Standing(mine)) if mine else 0
        first, other, how = self._in.first, self._in.other, self._in.how
        if number + 1 < len(first):
            for at in range(first[number], first[number + 1]):
                there = self._marks[other[at]]
                if there:
                    mark = self._arrive(mark, there, how[at])
        for source, transfer in self._late_in.get(number, ()):
            if self._marks[source]:
                mark = self._arrive(mark, self._marks[source], transfer)
        return mark

    def _arrive(self, mark: int, there: int, transfer: int) -> int:
        """The mark of a field that had `mark`, once `there` came to it over a transfer."""
        new = self._moved.get(there * WIDTH + transfer, -1)
        new = self._move(there, transfer) if new < 0 else new
        if not mark or not new or new == mark:
            return mark or new
        joined = self._joined.get(mark << 31 | new, -1)
        return self._join(mark << 31 | new) if joined < 0 else joined

    def _move(self, mark: int, transfer: int) -> int:
        standing = self._standings[mark]
        edge, group = self._examples[transfer]
        if edge is None:
            kinds = {label.kind for label in standing.labels} | set(standing.influenced_by)
            after = Standing((), tuple(sorted(kinds)))
        else:
            after = Standing(over(edge, standing.labels, self._rules, group=group), standing.influenced_by)
        found = self._moved[mark * WIDTH + transfer] = self._mark(after)
        return found

    def _join(self, pair: int) -> int:
        one, other = self._standings[pair >> 31], self._standings[pair & 0x7FFFFFFF]
        kinds = sorted({*one.influenced_by, *other.influenced_by})
        found = self._joined[pair] = self._mark(Standing(worst((*one.labels, *other.labels)), tuple(kinds)))
        return found

    def _mark(self, standing: Standing) -> int:
        mark = self._mark_of.get(standing)
        if mark is None:
            mark = self._mark_of[standing] = len(self._standings)
            self._standings.append(standing)
        return mark

    def _rows(self, edges: Iterable[Edge]) -> Iterable[tuple[int, int, int]]:
        for edge in edges:
            yield self._number(edge.source), self._number(edge.target), self._transfer(edge)

    def _wholes(self, rows: Sequence[tuple[int, int, int]]) -> Iterable[tuple[int, int, int]]:
        """Between a whole table and its columns: an influence on the whole is one on each column.

        Where values go into or out of a whole, because its columns were not known, they may be those of any column.
        """
        wholes = {self._names[number].dataset: number for number in range(len(self)) if self._is_whole(number)}
        self._filled = filled = {row[1] for row in rows if row[2] != _SIDE and self._is_whole(row[1])}
        self._read = {source for source, _, transfer in rows if transfer != _SIDE and self._is_whole(source)}
        self._stated = {row[:2] for row in rows if row[2] == _SIDE and self._within(*row[:2])}
        for number, name in enumerate(self._names):
            whole = wholes.get(name.dataset)
            if whole is not None and whole != number:
                yield whole, number, _KEEP if whole in filled else _SIDE
                if whole in self._read:
                    yield number, whole, _KEEP

    def _within(self, source: int, target: int) -> bool:
        """True for an edge from a whole to a column of its own."""
        return self._is_whole(source) and self._names[source].dataset == self._names[target].dataset

    def _is_whole(self, number: int) -> bool:
        return self._names[number].path == WHOLE

    def _transfer(self, edge: Edge) -> int:
        if edge.type == "INDIRECT":
            return _SIDE
        group = self._groups.get(edge.target.dataset)
        key = (edge.subtype, edge.masking, edge.how, group)
        number = self._transfers.get(key)
        if number is None:
            number = self._transfers[key] = len(self._examples)
            if number >= WIDTH:
                msg = f"the graph has more than {WIDTH} different ways"
                raise UsageError(msg, help="ask about a part of it")
            self._examples.append((edge, group))
        return number

    def _number(self, field: FieldRef) -> int:
        number = self._numbers.get(field)
        if number is None:
            number = self._numbers[field] = len(self._names)
            self._names.append(field)
        return number

    def _reach(self, side: _Side, start: int, limit: int) -> list[int]:
        late = self._late_out if side is self._out else self._late_in
        seen = {start}
        queue = [start]
        first, other = side.first, side.other
        for number in queue:  # the list grows while it is walked
            ends = other[first[number] : first[number + 1]] if not late else self._next(side, late, number)
            for next_one in ends:
                if next_one not in seen:
                    seen.add(next_one)
                    queue.append(next_one)
            if len(queue) > limit:
                break
        return queue[1 : limit + 1]

    def _topological(self) -> _Order:
        """Sources before targets; what lies on cycles comes last, in the order of numbers."""
        first, other = self._out.first, self._out.other
        size = len(self._names)
        waits = array("q", bytes(8 * size))
        for target in other:
            waits[target] += 1
        nodes = [number for number in range(size) if not waits[number]]
        for number in nodes:  # the list grows while it is walked
            for at in range(first[number], first[number + 1]):
                target = other[at]
                waits[target] -= 1
                if not waits[target]:
                    nodes.append(target)
        known = len(nodes)
        if known < size:
            done = set(nodes)
            nodes += [number for number in range(size) if number not in done]
        place = array("q", bytes(8 * size))
        for at, number in enumerate(nodes):
            place[number] = at
        return _Order(nodes, place, known)


class _Order:
    """The fields in topological order, and the place of each; from `sorted` on cycles and later fields lie."""

    __slots__ = ("nodes", "place", "sorted")

    def __init__(self, nodes: list[int], place: array[int], known: int) -> None:
        self.nodes = nodes
        self.place = place
        self.sorted = known

    def levels(self, first: array[int], other: array[int]) -> Any:
        """For each field, the length of the longest way to it; of a graph without cycles."""
        import numpy as np

        found = array("q", bytes(8 * (len(first) - 1)))
        for number in self.nodes[: self.sorted]:
            begin, end = first[number], first[number + 1]
            if end - begin == 1:
                found[number] = found[other[begin]] + 1
            elif end > begin:
                found[number] = max(found[one] for one in other[begin:end]) + 1
        return np.frombuffer(found, dtype=np.int64)


class _Side:
    """The edges of one direction: those of field n lie at `first[n]` up to `first[n + 1]`."""

    __slots__ = ("first", "how", "other")

    def __init__(self, rows: list[tuple[int, int, int]], size: int, near: int, far: int) -> None:
        first = array("q", bytes(8 * (size + 1)))
        for row in rows:
            first[row[near] + 1] += 1
        for number in range(size):
            first[number + 1] += first[number]
        filled = array("q", first)
        other, how = array("q", bytes(8 * len(rows))), array("q", bytes(8 * len(rows)))
        for row in rows:
            at = filled[row[near]]
            other[at], how[at] = row[far], row[2]
            filled[row[near]] = at + 1
        self.first = first
        self.other = other
        self.how = how

    def arrays(self) -> tuple[array[int], array[int], array[int]]:
        """Where each field's edges begin, their other ends, and their transfers."""
        return self.first, self.other, self.how
