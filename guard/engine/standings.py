"""What lineage says of every field, kept current: labels travel as jobs, scans and corrections are recorded.

The graph is built from the store at the first question. Later questions take in what came since: new edges move labels
along, a label that changed is moved anew, and nothing else is computed. Other processes write to the same store, so
what is new is asked from the store, a little before the last moment seen, since clocks and commits do not quite agree.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from guard.lineage.compact import CompactGraph
from guard.lineage.propagate import contradictions
from guard.model import Contradiction, FieldLabel, FieldRef, Label
from guard.store.clock import written

if TYPE_CHECKING:
    from guard.engine.components import Components

OVERLAP = timedelta(minutes=10)
REBUILD = 0.5  # a graph that grew by this share is built anew


class Standings:
    """The labelled graph of one guard. Safe to share between threads: a question takes the lock for its updates."""

    def __init__(self, parts: Components) -> None:
        self._parts = parts
        self._lock = threading.RLock()
        self._graph: CompactGraph | None = None  # OWNED BY: _lock, as all below
        self._sets: set[str] = set()
        self._labels: dict[FieldRef, tuple[Label, ...]] = {}
        self._since = ""
        self._built = 0

    def current(self) -> CompactGraph:
        """The graph as it is now."""
        with self._lock:
            since = written(self._parts.store.clock() - OVERLAP)
            if self._graph is None or self._graph.edges > self._built * (1 + REBUILD) + 1000:
                self._build()
            else:
                self._catch_up(self._graph)
            self._since = since
            assert self._graph is not None
            return self._graph

    def at(self, time: datetime) -> CompactGraph:
        """The graph and its labels as they were known at a moment."""
        graph = CompactGraph(self._parts.store.lineage.stream(time), self._parts.label_rules)
        graph.label(dict(self._parts.store.catalogue.found(at=time)))
        return graph

    def contradictions(self, scanned: Iterable[FieldLabel]) -> tuple[Contradiction, ...]:
        """Where what a scan saw is not what comes along the edges; the scanned labels themselves do not count.

        A field that was found clean contradicts only a label that was copied to it: of a value that something was
        computed from, nobody knows whether it is still in there.
        """
        fields = tuple(scanned)
        if not self._parts.store.lineage.into({one.field.dataset for one in fields}):
            return ()
        with self._lock:
            graph = self.current()
            told = {one.field: graph.arriving(one.field).labels for one in fields}
            found = contradictions({field: labels for field, labels in told.items() if labels}, fields)
            return tuple(one for one in found if one.seen is not None or one.kind in graph.copied(one.field))

    def _build(self) -> None:
        store = self._parts.store
        self._sets = {digest for digest, _ in store.lineage.sets()}
        self._graph = CompactGraph(store.lineage.stream(), self._parts.label_rules)
        self._built = self._graph.edges
        self._labels = dict(store.catalogue.found())
        self._graph.label(self._labels)

    def _catch_up(self, graph: CompactGraph) -> None:
        store = self._parts.store
        for digest, _ in store.lineage.sets(self._since):
            if digest not in self._sets:
                graph.add(store.lineage.edges(digest))
                self._sets.add(digest)
        for field, labels in store.catalogue.found(since=self._since):
            if self._labels.get(field, ()) != labels:
                graph.retag(field, labels)
                self._labels[field] = labels
