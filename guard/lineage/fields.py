"""Fields by number, and what stands between a whole table (`*`) and its columns.

An influence on the whole is one on each column. Where values go into or out of a whole, because its columns were not
known, they may be those of any column.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.lineage.graph import WHOLE
from guard.lineage.links import Rows
from guard.lineage.marks import KEEP, SIDE
from guard.model import Dataset, FieldRef


class Fields:
    """The numbers of fields. `read` are the wholes out of which values go, `filled` those into which they go."""

    def __init__(self) -> None:
        self.names: list[FieldRef] = []
        self.read: set[int] = set()
        self.filled: set[int] = set()
        self.stated: set[tuple[int, int]] = set()  # influences of a whole on its own column that an edge tells
        self._numbers: dict[FieldRef, int] = {}
        self._of: dict[Dataset, list[int]] = {}  # made when first asked for

    def __len__(self) -> int:
        return len(self.names)

    def number(self, field: FieldRef) -> int:
        """The number of a field, a new one where it has none."""
        number = self._numbers.get(field)
        if number is None:
            number = self._numbers[field] = len(self.names)
            self.names.append(field)
            if self._of:
                self._of.setdefault(field.dataset, []).append(number)
        return number

    def find(self, field: FieldRef) -> int | None:
        """The number of a field that has one."""
        return self._numbers.get(field)

    def whole(self, dataset: Dataset) -> int | None:
        """The number of a table as a whole."""
        return self._numbers.get(FieldRef(dataset, WHOLE))

    def is_whole(self, number: int) -> bool:
        """True for `*`."""
        return self.names[number].path == WHOLE

    def others(self, number: int) -> list[int]:
        """The other fields of the same table."""
        if not self._of:
            for at, name in enumerate(self.names):
                self._of.setdefault(name.dataset, []).append(at)
        return [other for other in self._of[self.names[number].dataset] if other != number]

    def within(self, source: int, target: int) -> bool:
        """True for an edge from a whole to a column of its own."""
        return self.is_whole(source) and self.names[source].dataset == self.names[target].dataset

    def between(self, rows: Rows) -> Iterator[tuple[int, int, int]]:
        """The edges between wholes and their columns, which follow from the edges that were told."""
        wholes = {self.names[at].dataset: at for at in range(len(self)) if self.is_whole(at)}
        if not wholes:
            return
        numbers = set(wholes.values())
        for source, target, transfer in rows:
            if source in numbers or target in numbers:
                if transfer == SIDE:
                    if self.within(source, target):
                        self.stated.add((source, target))
                    continue
                if source in numbers:
                    self.read.add(source)
                if target in numbers:
                    self.filled.add(target)
        for number, name in enumerate(self.names):
            whole = wholes.get(name.dataset)
            if whole is not None and whole != number:
                yield whole, number, KEEP if whole in self.filled else SIDE
                if whole in self.read:
                    yield number, whole, KEEP
