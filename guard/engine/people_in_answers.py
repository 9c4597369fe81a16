"""Whose data was in an answer: identifiers become keyed marks off the caller's path, and the identifiers are forgotten.

A mark is HMAC-SHA-256 of kind and normalised identifier under a key of guard's own keyring, cut to 16 bytes. Whoever
has the store and not the key can neither read a person from it nor try one out.

An answer is *indexed* for a kind of identifier when no person of that kind can be in it without a mark: each table with
such a column is read once, gives all its columns of the kind to the answer as they are, and nothing is summed up over
rows. Every other answer that read such a table is told as possible: it may hold the person, guard cannot say.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlglot import exp

from guard.errors import GuardError
from guard.model import Edge, FieldLabel, FieldRef, Job, QueryLineage, State, TableName, Value

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.engine.components import Components
    from guard.sql.catalogue import Catalogue

PURPOSE, USE = "guard.lineage", "subject-mark"
MARK = 16  # bytes
MAX_VALUES = 200_000  # of one answer; a larger one is not indexed
MAX_JOBS = 10_000  # of one answer to "which answers held this person's data"


class Identifiers(Value, frozen=True):
    """Where identifiers stand in an answer: place of the column and kind; and the kinds that it is indexed for."""

    columns: tuple[tuple[int, str], ...] = ()
    whole: frozenset[str] = frozenset()
    width: int = 0


class Seen(Value, frozen=True):
    """The columns of one answer that hold identifiers."""

    columns: tuple[tuple[str, pa.ChunkedArray], ...]
    whole: frozenset[str]


class Held(Value, frozen=True):
    """The answers that held a person's data, and those that may have. `jobs` are the newest first.

    `cut` says that there are more.
    """

    held: tuple[Job, ...]
    possible: tuple[Job, ...]
    cut: bool = False


NONE = Identifiers()


def identifiers_of(
    statement: exp.Expression,
    lineage: QueryLineage,
    edges: Iterable[Edge],
    catalogue: Catalogue,
    labels: Mapping[tuple[TableName, str], FieldLabel],
    kinds: frozenset[str],
) -> Identifiers:
    """The identifiers of `kinds` in the answer of `statement`; `edges` are those of the answer, with its masks."""
    marked: dict[FieldRef, str] = {}
    for label in labels.values():
        if label.label is not None and label.label.kind in kinds and label.label.state is State.RAW:
            marked[label.field] = label.label.kind
    if not marked:
        return NONE
    read = set(lineage.inputs)
    hidden = {edge.source for edge in edges if edge.masking}
    columns: list[tuple[int, str]] = []
    shown: set[FieldRef] = set()
    for place, output in enumerate(lineage.outputs):
        direct = [edge for edge in output.edges if edge.type == "DIRECT"]
        for edge in direct:
            if edge.source in marked and edge.source not in hidden and edge.subtype == "IDENTITY":
                columns.append((place, marked[edge.source]))
                if len(direct) == 1 or all(one.subtype == "IDENTITY" for one in direct):
                    shown.add(edge.source)
    once = _each_once(statement, lineage, catalogue) and not lineage.gaps
    whole: set[str] = set()
    for kind in {marked[field] for field in marked if field.dataset in read}:
        needed = {field for field in marked if field.dataset in read and marked[field] == kind}
        if once and needed <= shown:
            whole.add(kind)
    return Identifiers(tuple(dict.fromkeys(columns)), frozenset(whole), len(lineage.outputs))


def _each_once(statement: exp.Expression, lineage: QueryLineage, catalogue: Catalogue) -> bool:
    """True when every table is named once and read as it is: then a row of the answer is one row of each."""
    names = [table.name.lower() for table in statement.find_all(exp.Table)]
    bases = [catalogue.find(table) for table in statement.find_all(exp.Table)]
    known = [table for table in bases if table is not None]
    return (
        len(names) == len(set(names))
        and all(table.kind not in ("view", "materialized_view") for table in known)
        and {table.dataset for table in known} == set(lineage.inputs)
        and statement.find(exp.AggFunc, exp.Window) is None  # they bring other rows into a row
    )


def seen_in(table: pa.Table, found: Identifiers) -> Seen | None:
    """The identifiers of an answer, by reference; None where there are none or the answer has another shape."""
    if not found.columns or table.num_columns != found.width:
        return None
    return Seen(tuple((kind, table.column(place)) for place, kind in found.columns), found.whole)


class PeopleIndex:
    """Writes and asks the index of one guard."""

    def __init__(self, parts: Components) -> None:
        self._parts = parts

    def keep(self, job: str, seen: Seen) -> None:
        """Marks the people in one answer. An answer that is too large stays unmarked, so it is told as possible."""
        marks: dict[str, set[bytes]] = {}
        for kind, column in seen.columns:
            values = {str(value) for value in column.unique().to_pylist() if value is not None}
            if len(values) > MAX_VALUES:
                return
            normalise = self._normaliser(kind)
            key = self._key(self._parts.keys.current)
            marks.setdefault(kind, set()).update(_mark(key, kind, normalise(value)) for value in values)
        whole = {kind: marks.get(kind, set()) for kind in seen.whole}
        part = {kind: own for kind, own in marks.items() if kind not in seen.whole}
        self._parts.store.subjects.keep(job, whole, others=part)

    def find(self, kind: str, value: str) -> Held:
        """The answers that held, or may have held, the person whose identifier of `kind` is `value`."""
        jobs = self._parts.store.subjects.jobs(self._marks(kind, value))
        held = self._parts.store.lineage.named(jobs)
        graph = self._parts.standings.current()
        tables = {field.dataset for field in graph.where(kind)}
        readers = self._parts.store.lineage.readers(tables, limit=MAX_JOBS)
        possible = tuple(
            job
            for job, kinds in readers
            if job.id not in jobs and kind not in kinds and job.kind not in ("scan", "classify")
        )
        return Held(held, possible, len(readers) == MAX_JOBS)

    def forget(self, kind: str, value: str) -> int:
        """Removes the marks of a person; the answers stay, and are told as not holding the person."""
        return self._parts.store.subjects.forget(self._marks(kind, value))

    def forget_all(self, value: str) -> int:
        """Removes the marks of `value` under every kind that a mark can have; how many there were."""
        from guard.classify.registry import detectors

        # Kinds that the rules no longer call identifiers may have been indexed before.
        kinds = self._parts.label_rules.identifiers | detectors().keys()
        return self._parts.store.subjects.forget(mark for kind in sorted(kinds) for mark in self._marks(kind, value))

    def _marks(self, kind: str, value: str) -> list[bytes]:
        normal = self._normaliser(kind)(value.strip())
        return [_mark(self._key(version), kind, normal) for version in self._parts.keys.versions]

    def _key(self, version: int) -> bytes:
        found: bytes = self._parts.keys.derive(PURPOSE, USE, version).reveal()
        return found

    def _normaliser(self, kind: str) -> Callable[[str], str]:
        from guard.classify.registry import detectors

        detector = detectors().get(kind)

        def normal(value: str) -> str:
            if detector is None:
                return value
            try:
                return detector.normalise(value)
            except (ValueError, GuardError):
                return value

        return normal


def _mark(key: bytes, kind: str, value: str) -> bytes:
    return hmac.digest(key, f"{kind}\x00{value}".encode(), sha256)[:MARK]
