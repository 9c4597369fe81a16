"""The difference between two packs, cell by cell: what widened, what narrowed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from guard.model import Value
from guard.policy.changes.exposure import Exposure
from guard.policy.changes.judge import Judge, compile_sets
from guard.policy.changes.space import Space, Tag, powerset, singles
from guard.policy.changes.told import Direction, told

if TYPE_CHECKING:
    from guard.policy.pack import Pack
    from guard.policy.rego import Policy

MAX_CLASSES = 12  # labels that are combined with each other: 4,096 sets


class Cell(Value, frozen=True):
    """One cell that changed; `labels` are the kinds of the columns, `what` says how."""

    direction: Direction
    role: str
    purpose: str
    labels: tuple[Tag, ...]
    what: tuple[str, ...]


class Difference(Value, frozen=True):
    """Every cell that changed, out of `cells`."""

    cells: int
    changed: tuple[Cell, ...]

    def of(self, direction: Direction) -> tuple[Cell, ...]:
        """The cells that changed in this direction."""
        return tuple(cell for cell in self.changed if cell.direction == direction)

    def smallest(self, direction: Direction) -> Iterator[Cell]:
        """The cells that say something which no smaller one of the same role and purpose says."""
        kept: dict[tuple[str, str], list[tuple[frozenset[Tag], frozenset[str]]]] = {}
        for cell in self.of(direction):  # smaller sets come first
            found = kept.setdefault((cell.role, cell.purpose), [])
            labels = frozenset(cell.labels)
            said = frozenset[str]().union(*(what for other, what in found if other <= labels))
            if not said >= set(cell.what):
                found.append((labels, frozenset(cell.what)))
                yield cell


class Packs:
    """Two packs, compiled once and compared on any number of spaces."""

    def __init__(self, old: Pack, new: Pack, *, cache: Path | None = None) -> None:
        """Compiles both.

        Raises:
            PolicyError: one of them does not compile.
        """
        self.old, self.new = old, new
        with ThreadPoolExecutor(2) as pool:
            compiled = pool.map(lambda pack: compile_sets(pack, cache=cache), (old, new))
            self._old, self._new = compiled

    def judged(self, space: Space) -> tuple[Any, Any]:
        """What each pack says on the space; see `Judge.exposures`."""
        return self._of(self.old, self._old, space), self._of(self.new, self._new, space)

    def compare(self, space: Space) -> Difference:
        """Every cell of the space that changed."""
        before, after = self.judged(space)
        return Difference(space.size, tuple(_cells(space, before, after)))

    @staticmethod
    def _of(pack: Pack, policy: Policy, space: Space) -> Any:
        return Judge(pack, policy, space).exposures()


def diff(
    old: Pack,
    new: Pack,
    *,
    roles: tuple[str, ...],
    purposes: tuple[str, ...],
    tags: tuple[Tag, ...],
    tables: tuple[str, ...] = (),
    cache: Path | None = None,
) -> tuple[Difference, Difference, tuple[Tag, ...]]:
    """Both packs on each label by itself, and on every set of labels that they treat differently.

    A label stands in the second space for all that both packs deny, mask or show alike, by themselves and in every
    role and purpose; `MAX_CLASSES` labels are combined.

    Returns: the difference on single labels, the difference on sets, and the labels that the sets are made of.
    """
    packs = Packs(old, new, cache=cache)
    alone = singles(roles, purposes, tags, tables)
    before, after = packs.judged(alone)
    single = Difference(alone.size, tuple(_cells(alone, before, after)))
    chosen = _representatives(alone, before, after)
    return single, packs.compare(powerset(roles, purposes, chosen, tables)), chosen


def _representatives(space: Space, before: Any, after: Any) -> tuple[Tag, ...]:
    """Labels of each class that the packs treat alike, in turn: first one of each, those that changed first, then a
    second one of each, for rules may count."""
    classes: dict[tuple[Any, ...], list[int]] = {}
    for index in range(len(space.tags)):
        was, now = (_alone(numbers[:, :, index + 1], exposures) for numbers, exposures in (before, after))
        same = np.array_equal(before[0][:, :, index + 1] < 0, after[0][:, :, index + 1] < 0) and was == now
        classes.setdefault((same, was, now), []).append(index)
    ordered = [found for _, found in sorted(classes.items(), key=lambda item: (item[0][0], item[1][0]))]
    turns = (index for turn in zip_longest(*ordered) for index in turn if index is not None)
    return tuple(space.tags[index] for index in sorted(islice(turns, MAX_CLASSES)))


def _alone(numbers: Any, exposures: list[Exposure]) -> tuple[str, ...]:
    """How a label fares in every role and purpose: denied, shown, or masked, whatever the form."""
    return tuple(
        "denied" if number < 0 else "masked" if exposures[number].masks else "shown"
        for number in numbers.reshape(-1).tolist()
    )


def _cells(space: Space, before: Any, after: Any) -> Iterator[Cell]:
    (old, olds), (new, news) = before, after
    words: dict[tuple[int, int], tuple[Direction, tuple[str, ...]] | None] = {}
    places = np.argwhere((old >= 0) | (new >= 0))
    for role, purpose, chosen in places.tolist():
        pair = int(old[role, purpose, chosen]), int(new[role, purpose, chosen])
        if pair not in words:
            words[pair] = told(
                lambda tag: space.tags[int(tag)].kind,
                olds[pair[0]] if pair[0] >= 0 else None,
                news[pair[1]] if pair[1] >= 0 else None,
            )
        change = words[pair]
        if change is not None:
            labels = tuple(space.tags[index] for index in space.sets[chosen])
            yield Cell(change[0], space.roles[role], space.purposes[purpose], labels, change[1])
