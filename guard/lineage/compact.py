"""The graph of an estate in numbers: a million columns, labels pushed along all edges, one column retagged at once.

Fields are numbered; what they carry is two numbers each, a set of labels and a sway of influences (`marks`). Edges lie
in sorted arrays (`links`), levels in an order that knows cycles (`order`), and a full pass goes level by level
(`levels`).
Recomputing after a change touches what lies downstream of it and nothing else.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from guard.lineage.fields import Fields
from guard.lineage.label_rules import LabelRules
from guard.lineage.levels import Rounds, push
from guard.lineage.links import Links, Rows
from guard.lineage.marks import KEEP, SIDE, Marks
from guard.lineage.order import Order
from guard.lineage.propagate import Carried, carried, worst
from guard.model import Dataset, Edge, FieldRef, Label, State, Value

MAX_REACH = 100_000  # fields of one answer
Held: TypeAlias = tuple[int, int]  # a set of labels and a sway


class Standing(Value, frozen=True, order=True):
    """What lineage says of a field: the labels that arrive, and the kinds that decided about its rows or branches."""

    labels: tuple[Carried, ...] = ()
    influenced_by: tuple[str, ...] = ()


NOTHING = Standing()


class CompactGraph:
    """Edges by number. Answers are field numbers; `name` and `number` lead from and to fields.

    Raises:
        UsageError: the graph is too large; never a part of it instead.
    """

    def __init__(
        self, edges: Iterable[Edge], rules: LabelRules, *, groups: Mapping[Dataset, int] | None = None
    ) -> None:
        self._marks = Marks(rules, groups or {})
        self._fields = fields = Fields()
        rows = Rows()
        number, transfer = fields.number, self._marks.transfer
        for edge in edges:
            rows.append(number(edge.source), number(edge.target), transfer(edge))
        for row in list(fields.between(rows)):
            rows.append(*row)
        size = len(fields)
        self._links = Links(rows, size)
        self._order = Order(self._links.out.first, self._links.out.other)
        self._tangled = False  # an edge that came late may have closed a cycle
        self._rounds: Rounds | None = None  # made at the first full pass
        self._sets, self._sways = _zeros(size), _zeros(size)
        self._own: dict[int, tuple[Carried, ...]] = {}
        self._lent: dict[int, tuple[Carried, ...]] = {}  # to a whole that is read, by the columns that no edge names
        self._apart: dict[Dataset, dict[FieldRef, tuple[Carried, ...]]] = {}  # labels of fields that no edge touches
        self._fresh: dict[tuple[Label, ...], tuple[Carried, ...]] = {}

    @property
    def edges(self) -> int:
        """How many edges there are, those between whole tables and their columns too."""
        return self._links.edges

    def number(self, field: FieldRef) -> int | None:
        """The number of a field, None where no edge touches it."""
        return self._fields.find(field)

    def name(self, number: int) -> FieldRef:
        """The field of a number."""
        return self._fields.names[number]

    def __len__(self) -> int:
        return len(self._fields)

    def downstream(self, start: int, *, limit: int = MAX_REACH) -> list[int]:
        """The fields that `start` flows into or influences, nearest first, without itself; at most `limit`."""
        return self._links.reach(start, limit, down=True)

    def upstream(self, start: int, *, limit: int = MAX_REACH) -> list[int]:
        """The fields that `start` comes from or is influenced by, nearest first."""
        return self._links.reach(start, limit, down=False)

    def standing(self, field: FieldRef) -> Standing:
        """What the last pass says of a field."""
        number = self._fields.find(field)
        if number is None:
            return Standing(self._apart.get(field.dataset, {}).get(field, ()))
        return self._told((self._sets[number], self._sways[number]))

    def standings(self) -> Mapping[FieldRef, tuple[Carried, ...]]:
        """The fields that carry labels."""
        labels, names = self._marks.labels, self._fields.names
        told = {names[number]: labels(held) for number, held in enumerate(self._sets) if held}
        return told | {field: labels for apart in self._apart.values() for field, labels in apart.items()}

    def where(self, kind: str, *, only_sensitive: bool = False) -> list[FieldRef]:
        """Where data of a kind is now, sorted; the kinds below it (`person.` stands for all of a family) too."""

        def holds(labels: Iterable[Carried]) -> bool:
            return any(
                (label.kind == kind or (kind.endswith(".") and label.kind.startswith(kind)))
                and (label.sensitive or not only_sensitive)
                for label in labels
            )

        sets = {number for number in range(len(self._marks)) if holds(self._marks.labels(number))}
        apart = [field for fields in self._apart.values() for field, labels in fields.items() if holds(labels)]
        return sorted([*apart, *(self._fields.names[number] for number, held in enumerate(self._sets) if held in sets)])

    def label(self, labels: Mapping[FieldRef, Sequence[Label]]) -> None:
        """Forgets all labels and pushes these along all edges."""
        self._own, self._lent, self._apart = {}, {}, {}
        find, own = self._fields.find, self._own
        for field, told in labels.items():
            number = find(field)
            if number is None:
                self._give(field, told)
            elif mine := self._carried(told):
                own[number] = mine
        size = len(self._fields)
        self._sets, self._sways = _zeros(size), _zeros(size)
        sets = self._sets
        set_of = {mine: self._marks.set_of(mine) for mine in set(own.values())}
        for number, mine in own.items():
            sets[number] = set_of[mine]
        for number in self._lent:
            sets[number] = self._marks.set_of(self._mine(number))
        if self._rounds is None:
            self._rounds = Rounds(self._order, self._links.out, self._links.into)
        push(self._rounds, self._marks, self._sets, self._sways)
        self._settle({target for targets in self._links.late_out.values() for target, _ in targets})

    def add(self, edges: Iterable[Edge]) -> list[FieldRef]:
        """Takes more edges in and moves labels over them; returns the fields whose standing changed.

        Costs what the edges and what lies behind them cost. A graph that grew by half is better built anew.

        Raises:
            UsageError: the graph becomes too large.
        """
        fields = self._fields
        touched: set[int] = set()
        stale: set[int] = set()
        for edge in edges:
            source, target = self._late_number(edge.source, touched), self._late_number(edge.target, touched)
            transfer = self._marks.transfer(edge)
            self._extend(source, target, transfer, touched)
            if transfer == SIDE:
                if fields.within(source, target):
                    fields.stated.add((source, target))
                continue
            if fields.is_whole(source) and source not in fields.read:
                fields.read.add(source)
                self._lend(source)
                touched.add(source)
                for each in fields.others(source):
                    self._extend(each, source, KEEP, touched)
            if fields.is_whole(target) and target not in fields.filled:
                fields.filled.add(target)
                for each in fields.others(target):
                    self._turn(target, each)
                    stale.add(each)
        before: dict[int, Held] = {}
        for number in [*stale, *(each for one in stale for each in self._behind(one))]:
            before.setdefault(number, self._clear(number))
            touched.add(number)
        self._settle(touched, before)
        return [fields.names[number] for number, held in before.items() if self._held(number) != held]

    def arriving(self, field: FieldRef) -> Standing:
        """What comes to a field along its edges, without the labels of its own."""
        number = self._fields.find(field)
        return NOTHING if number is None else self._told(self._compute(number, own=False))

    def copied(self, field: FieldRef) -> set[str]:
        """The kinds found raw in fields from which this one is a copy, over any number of steps."""
        start = self._fields.find(field)
        queue = [] if start is None else [start]
        seen = set(queue)
        found: set[str] = set()
        for number in queue:  # the list grows while it is walked
            for source, transfer in self._links.arrivals(number):
                if source not in seen and self._marks.copies(transfer):
                    seen.add(source)
                    queue.append(source)
                    found |= {label.kind for label in self._mine(source) if label.state is State.RAW}
        return found

    def retag(self, field: FieldRef, labels: Sequence[Label]) -> list[FieldRef]:
        """Gives a field other labels of its own; returns the fields whose standing changed, itself included.

        Everything downstream is computed anew, so that a label taken away goes away there as well.
        """
        start = self._give(field, labels)
        if start is None:
            return [field]
        touched = [start, *self._behind(start)]
        before = {number: self._clear(number) for number in touched}
        self._settle(touched)
        return [self._fields.names[number] for number in touched if self._held(number) != before[number]]

    def _extend(self, source: int, target: int, transfer: int, touched: set[int]) -> None:
        if self._links.extend(source, target, transfer):
            touched.add(target)
            self._tangled = self._tangled or self._order.place[target] <= self._order.place[source]

    def _turn(self, whole: int, each: int) -> None:
        """Values go into a table as a whole: what was an influence of the whole on a column is now a way of values."""
        if (whole, each) in self._fields.stated:  # an edge says so beside
            self._extend(whole, each, KEEP, set())
        else:
            self._links.change(whole, each, SIDE, KEEP)
            self._rounds = None

    def _late_number(self, field: FieldRef, touched: set[int]) -> int:
        fields = self._fields
        number = fields.find(field)
        if number is not None:
            return number
        number = fields.number(field)
        self._sets.append(0)
        self._sways.append(0)
        self._order.place.append(number)  # behind all others: the order only saves work
        whole = fields.whole(field.dataset)
        if whole == number:
            for each in fields.others(number):
                self._extend(number, each, SIDE, touched)
        elif whole is not None:
            self._extend(whole, number, KEEP if whole in fields.filled else SIDE, touched)
            if whole in fields.read:
                self._extend(number, whole, KEEP, touched)
        mine = self._apart.get(field.dataset, {}).pop(field, ())
        if mine:
            self._own[number] = mine
            if whole is not None and whole in fields.read:
                self._lend(whole)
        touched.add(number)
        return number

    def _give(self, field: FieldRef, labels: Sequence[Label]) -> int | None:
        """Sets the labels of a field's own; returns where they start, None where no edge touches them."""
        own = self._carried(labels)
        number = self._fields.find(field)
        if number is None:
            apart = self._apart.setdefault(field.dataset, {})
            apart.pop(field, None)
            if own:
                apart[field] = own
            whole = self._fields.whole(field.dataset)
            if whole is None or whole not in self._fields.read:
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
        apart = self._apart.get(self._fields.names[whole].dataset, {})
        lent = worst(label for labels in apart.values() for label in labels)
        if lent:
            self._lent[whole] = lent
        else:
            self._lent.pop(whole, None)

    def _carried(self, labels: Sequence[Label]) -> tuple[Carried, ...]:
        key = tuple(labels)
        found = self._fresh.get(key)
        if found is None:
            found = self._fresh[key] = worst(carried(label) for label in key)
        return found

    def _mine(self, number: int) -> tuple[Carried, ...]:
        """The labels that a field has before anything comes to it."""
        own, lent = self._own.get(number, ()), self._lent.get(number, ())
        return worst((*own, *lent)) if own and lent else own or lent

    def _behind(self, number: int) -> list[int]:
        return self._links.reach(number, len(self._fields), down=True)

    def _held(self, number: int) -> Held:
        return self._sets[number], self._sways[number]

    def _clear(self, number: int) -> Held:
        held = self._held(number)
        self._sets[number] = self._sways[number] = 0
        return held

    def _told(self, held: Held) -> Standing:
        return Standing(self._marks.labels(held[0]), self._marks.influences(held[1])) if held != (0, 0) else NOTHING

    def _settle(self, numbers: Iterable[int], before: dict[int, Held] | None = None) -> None:
        """Computes these fields from what leads to them, and what follows, until nothing changes.

        `before` is told what each changed field held.
        """
        place, tied, built = self._order.place, self._order.tied, self._links.built
        queue = [(place[number], number) for number in numbers]
        heapq.heapify(queue)
        waiting = {number for _, number in queue}
        while queue:
            _, number = heapq.heappop(queue)
            waiting.discard(number)
            held, old = self._compute(number), self._held(number)
            if old not in (held, (0, 0)) and (self._tangled or number >= built or number in tied):
                # On a cycle what came once may come back under another account; only what is worse may replace it.
                held = self._marks.join(old[0], held[0]), self._marks.sway(old[1], held[1])
            if held == old:
                continue
            if before is not None:
                before.setdefault(number, old)
            self._sets[number], self._sways[number] = held
            for follower in self._links.followers(number):
                if follower not in waiting:
                    waiting.add(follower)
                    heapq.heappush(queue, (place[follower], follower))

    def _compute(self, number: int, *, own: bool = True) -> Held:
        mine = self._mine(number) if own else self._lent.get(number, ())
        marks = self._marks
        labels, sway = marks.set_of(mine) if mine else 0, 0
        for source, transfer in self._links.arrivals(number):
            here, influence = self._sets[source], self._sways[source]
            if here:
                if transfer == SIDE:
                    sway = marks.sway(sway, marks.sway_of(here))
                else:
                    labels = marks.join(labels, marks.move(here, transfer))
            sway = marks.sway(sway, influence)
        return labels, sway


def _zeros(size: int) -> array[int]:
    return array("q", bytes(8 * size))
