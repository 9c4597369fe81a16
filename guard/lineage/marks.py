"""What fields carry, in numbers: few different things are carried by many fields, so that a push is a look-up.

A *set* is the number of a tuple of labels, a *sway* the number of a set of kinds that influence a field; 0 is nothing.
Both follow an edge apart from each other, and only an influence turns labels into sway. What became of a label
over a transfer, and what two sets make together, is asked of the rules once.
"""

from __future__ import annotations

from collections.abc import Mapping

from guard.errors import UsageError
from guard.lineage.edges import BETWEEN
from guard.lineage.label_rules import LabelRules
from guard.lineage.propagate import Carried, over, worst
from guard.model import Dataset, Edge, FieldRef

SIDE = 0  # the transfer that brings no label, only influence
KEEP = 1  # the one of a copy
WIDTH = 1 << 24  # transfers at most; a set and a transfer make one key
PAIR = 32  # bits of a number in a key of two
_NOWHERE = FieldRef(Dataset("", ""), "")
_COPY = Edge(_NOWHERE, _NOWHERE, "DIRECT", "IDENTITY")


class Marks:
    """Sets and sways by number, and what edges do to them."""

    def __init__(self, rules: LabelRules, groups: Mapping[Dataset, int]) -> None:
        self._rules = rules
        self._groups = groups
        # A transfer is what an edge does, apart from where it is: an example, and the group enforced on its target.
        self._transfers: dict[tuple[object, ...], int] = {("IDENTITY", False, (), None): KEEP}
        self._examples: list[tuple[Edge | None, int | None]] = [(None, None), (_COPY, None)]
        self._labels: list[Carried] = []
        self._number_of: dict[Carried, int] = {}
        self._kinds: list[str] = []
        self._kind_of: dict[str, int] = {}
        self._kind: list[int] = []  # of each label
        self._after: dict[int, tuple[int, ...]] = {}  # label and transfer -> labels
        self._worse: dict[int, int] = {}  # two labels of one kind -> the one that holds
        self._sets: list[tuple[int, ...]] = [()]  # labels by number, one for each kind, in the order of kinds' numbers
        self._set_of: dict[tuple[int, ...], int] = {(): 0}
        self._told: dict[int, tuple[Carried, ...]] = {0: ()}
        self._sways: list[int] = [0]  # bits of kinds' numbers
        self._sway_of: dict[int, int] = {0: 0}
        self._kinds_in: dict[int, int] = {0: 0}  # set -> sway
        self.moved: dict[int, int] = {}  # set * WIDTH + transfer -> set
        self.joined: dict[int, int] = {}  # set << PAIR | set -> set
        self.swayed: dict[int, int] = {}  # the same of sways

    def __len__(self) -> int:
        return len(self._sets)

    def transfer(self, edge: Edge) -> int:
        """The number of what an edge does.

        Raises:
            UsageError: the edges of a graph do too many different things.
        """
        if edge.type == "INDIRECT":
            return SIDE
        group = self._groups.get(edge.target.dataset) if self._groups else None
        key = (edge.subtype, edge.masking, edge.how, group)
        number = self._transfers.get(key)
        if number is None:
            number = self._transfers[key] = len(self._examples)
            if number >= WIDTH:
                msg = f"the graph has more than {WIDTH} different ways"
                raise UsageError(msg, help="ask about a part of it")
            self._examples.append((edge, group))
        return number

    @property
    def transfers(self) -> int:
        """How many there are."""
        return len(self._examples)

    def copies(self, transfer: int) -> bool:
        """True where a value goes over as it is, on some way."""
        edge, _ = self._examples[transfer]
        if edge is None or edge.masking:
            return False
        steps = [{step.partition("(")[0] for step in way.split(BETWEEN)} for way in edge.how]
        return any(way <= self._rules.transparent for way in steps) if steps else edge.subtype == "IDENTITY"

    def set_of(self, labels: tuple[Carried, ...]) -> int:
        """The number of labels of which no two have the same kind."""
        return self._set(sorted((self._label(one) for one in labels), key=self._kind.__getitem__))

    def labels(self, number: int) -> tuple[Carried, ...]:
        """The labels of a set, in the order of their kinds' names."""
        found = self._told.get(number)
        if found is None:
            found = self._told[number] = worst(self._labels[one] for one in self._sets[number])
        return found

    def influences(self, number: int) -> tuple[str, ...]:
        """The kinds of a sway, in the order of their names."""
        bits = self._sways[number]
        return tuple(sorted(kind for at, kind in enumerate(self._kinds) if bits >> at & 1))

    def move(self, number: int, transfer: int) -> int:
        """The set at the end of an edge."""
        key = number * WIDTH + transfer
        found = self.moved.get(key)
        if found is None:
            together: dict[int, int] = {}
            for label in self._sets[number] if transfer != SIDE else ():
                for one in self._become(label, transfer):
                    kind = self._kind[one]
                    other = together.get(kind)
                    together[kind] = one if other is None else self._worst(other, one)
            found = self.moved[key] = self._set([together[kind] for kind in sorted(together)])
        return found

    def join(self, one: int, other: int) -> int:
        """What two sets make together: of each kind the worst label."""
        if one == other or not other:
            return one
        if not one:
            return other
        key = one << PAIR | other
        found = self.joined.get(key)
        if found is None:
            together = {self._kind[label]: label for label in self._sets[one]}
            for label in self._sets[other]:
                kind = self._kind[label]
                here = together.get(kind)
                together[kind] = label if here is None else self._worst(here, label)
            found = self.joined[key] = self._set([together[kind] for kind in sorted(together)])
        return found

    def sway(self, one: int, other: int) -> int:
        """Two sways together."""
        if one == other or not other:
            return one
        if not one:
            return other
        key = one << PAIR | other
        found = self.swayed.get(key)
        if found is None:
            found = self.swayed[key] = self._sway(self._sways[one] | self._sways[other])
        return found

    def sway_of(self, number: int) -> int:
        """The kinds of a set as an influence."""
        found = self._kinds_in.get(number)
        if found is None:
            bits = 0
            for label in self._sets[number]:
                bits |= 1 << self._kind[label]
            found = self._kinds_in[number] = self._sway(bits)
        return found

    def _become(self, label: int, transfer: int) -> tuple[int, ...]:
        key = label * WIDTH + transfer
        found = self._after.get(key)
        if found is None:
            edge, group = self._examples[transfer]
            after = over(edge, (self._labels[label],), self._rules, group=group) if edge is not None else ()
            found = self._after[key] = tuple(self._label(one) for one in after)
        return found

    def _worst(self, one: int, other: int) -> int:
        if one == other:
            return one
        key = one << PAIR | other
        found = self._worse.get(key)
        if found is None:
            found = self._worse[key] = self._label(worst((self._labels[one], self._labels[other]))[0])
        return found

    def _label(self, label: Carried) -> int:
        number = self._number_of.get(label)
        if number is None:
            number = self._number_of[label] = len(self._labels)
            self._labels.append(label)
            kind = self._kind_of.setdefault(label.kind, len(self._kinds))
            if kind == len(self._kinds):
                self._kinds.append(label.kind)
            self._kind.append(kind)
        return number

    def _set(self, labels: list[int]) -> int:
        key = tuple(labels)
        number = self._set_of.get(key)
        if number is None:
            number = self._set_of[key] = len(self._sets)
            self._sets.append(key)
        return number

    def _sway(self, bits: int) -> int:
        number = self._sway_of.get(bits)
        if number is None:
            number = self._sway_of[bits] = len(self._sways)
            self._sways.append(bits)
        return number
