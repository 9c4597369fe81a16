"""What left: values whose way leads out of a country, a department or an organisation, and to whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from guard.lineage.propagate import Carried, over
from guard.model import Dataset, Edge, FieldRef, Value

if TYPE_CHECKING:
    from guard.engine.components import Components
    from guard.store.lineage import Use

ANSWERS = "guard"  # namespace of answers
UNKNOWN = "unknown"


class Left(Value, frozen=True):
    """Values of `source` that went over a border, as `labels`, `count` times; `subject` is a pseudonym."""

    source: FieldRef
    target: FieldRef
    labels: tuple[Carried, ...]
    came_from: str
    went_to: str
    subject: str
    purpose: str
    kind: str
    first: str
    last: str
    count: int
    entry: int | None


class Crossings(Value, frozen=True):
    """What left, the newest first; `unplaced` are datasets and answers of which nobody said where they are."""

    left: tuple[Left, ...]
    unplaced: int = 0


def left(parts: Components, border: str, *, since: str = "", until: str = "", everything: bool = False) -> Crossings:
    """The values that went over `border`: `country`, `department`, `organisation`, or `subject`.

    A dataset or an answer without a known place counts as outside: what may have left is told, with the place unknown.
    Every answer goes to somebody, so `subject` tells all answers. Only fields with a label, unless `everything`.
    """
    graph = parts.standings.current()
    sets: dict[str, tuple[Edge, ...]] = {}
    found: list[Left] = []
    unplaced: set[tuple[str, str]] = set()
    for use in parts.store.lineage.uses(since=since, until=until):
        if use.kind in ("scan", "classify"):
            continue  # labels only, and they stay in guard
        edges = sets.get(use.digest)
        if edges is None:
            edges = sets[use.digest] = parts.store.lineage.edges(use.digest)
        for edge in edges:
            if edge.type != "DIRECT":
                continue
            labels = over(edge, graph.standing(edge.source).labels, parts.label_rules)
            if not labels and not everything:
                continue
            here, there = _ends(parts, border, edge, use)
            for end, name in ((here, edge.source.dataset.name), (there, use.subject)):
                if end == UNKNOWN and border != "subject":
                    unplaced.add((border, name))
            if here != there or here == UNKNOWN:
                found.append(
                    Left(
                        edge.source,
                        edge.target,
                        labels,
                        here,
                        there,
                        use.subject,
                        use.purpose,
                        use.kind,
                        use.first,
                        use.last,
                        use.count,
                        use.entry,
                    )
                )
    return Crossings(tuple(_once(found)), len(unplaced))


def _ends(parts: Components, border: str, edge: Edge, use: Use) -> tuple[str, str]:
    if border == "subject":
        answered = edge.target.dataset.namespace == ANSWERS
        return ("", use.subject) if answered else ("", "")
    return _place(parts, border, edge.source.dataset, use), _place(parts, border, edge.target.dataset, use)


def _place(parts: Components, border: str, dataset: Dataset, use: Use) -> str:
    told = dict(use.place if dataset.namespace == ANSWERS else parts.places.of(dataset))
    return told.get(border, UNKNOWN)


def _once(found: Iterable[Left]) -> Sequence[Left]:
    """One line for each way and place; several edges of one job (a copy and a sum) are one."""
    seen: dict[tuple[object, ...], Left] = {}
    for one in found:
        key = (one.source, one.target, one.came_from, one.went_to, one.subject, one.purpose, one.kind, one.first)
        other = seen.get(key)
        if other is None or one.labels < other.labels:
            seen[key] = one
    return sorted(seen.values(), key=lambda one: (one.last, one.source, one.target), reverse=True)
