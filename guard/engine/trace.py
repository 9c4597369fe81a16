"""Questions to the recorded lineage: where a field comes from, where it went, and who saw it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from guard.errors import NothingScannedError, UsageError
from guard.lineage.report import Report
from guard.model import Edge, FieldRef, Job
from guard.store.find import find_fields
from guard.store.lineage import MAX_DEPTH

if TYPE_CHECKING:
    from guard.engine.components import Components
    from guard.lineage.compact import CompactGraph, Standing
    from guard.lineage.graph import View
    from guard.lineage.ingest import Ingested

Path: TypeAlias = tuple[Edge, ...]
Direction: TypeAlias = Literal["up", "down", "both"]
MAX_JOBS = 50  # shown; there may be more
MAX_HOPS = 100


class Trace:
    """Answers from the lineage store of one guard."""

    def __init__(self, parts: Components) -> None:
        self._parts = parts

    def find(self, name: str) -> tuple[FieldRef, ...]:
        """The known fields that `name` (`table.column`) may mean."""
        return find_fields(self._parts.store, name)

    def jobs(self, field: FieldRef, *, at: datetime | None = None, limit: int = MAX_JOBS) -> tuple[Job, ...]:
        """What read or wrote a field (until `at`), the newest first: who, why, and the entry in the audit log."""
        return tuple(self._named(job) for job in self._parts.store.lineage.jobs(field=field, at=at, limit=limit))

    def _named(self, job: Job) -> Job:
        """The job with the subject's id in place of the pseudonym, for as long as guard may know it."""
        name = self._parts.people.reveal(job.subject)
        return msgspec.structs.replace(job, subject=name.reveal()) if name else job

    def views(
        self, field: FieldRef, *, depth: int, direction: Direction, at: datetime | None = None
    ) -> tuple[View, ...]:
        """The neighbourhood of a field, upstream before downstream; now, or as it was known at a moment."""
        from guard.lineage.graph import Graph

        found = []
        if direction in {"up", "both"}:
            # One step more than asked for, so that a view knows that it ends before the lineage does.
            graph = Graph(self._recorded(field, depth + 1, at, down=False))
            found.append(graph.upstream(field, depth=depth))
        if direction in {"down", "both"}:
            graph = Graph(self._recorded(field, depth + 1, at, down=True))
            found.append(graph.downstream(field, depth=depth))
        return tuple(found)

    def _recorded(self, field: FieldRef, depth: int, at: datetime | None, *, down: bool) -> Iterator[Edge]:
        """The edges around a field, and around the column that it is a part of, which holds its value as it is."""
        store = self._parts.store.lineage
        hops = store.downstream if down else store.upstream
        yield from (hop.edge for hop in hops(field, depth, at=at))
        column = _column_of(field)
        if column is not None:
            around = [hop.edge for hop in hops(column, depth, at=at)]
            if around:
                yield Edge(*((field, column) if down else (column, field)), "DIRECT", "IDENTITY")
            yield from around

    def show(
        self, name: str, *, depth: int, direction: Direction, output_format: str, at: datetime | None = None
    ) -> str:
        """The lineage of the one field that `name` means, as `tree`, `json`, `csv`, `svg` or `openlineage`.

        `svg` is one picture, so `direction` must then be `up` or `down`.

        Raises:
            NothingScannedError: no field has this name.
            UsageError: several fields have it, or there is no such format.
        """
        from guard.lineage import render
        from guard.lineage.openlineage import dataset_events
        from guard.lineage.svg import svg

        _chosen(output_format, (*render.FORMATS, "svg", "openlineage"))
        if output_format == "svg" and direction == "both":
            raise UsageError("a picture shows one direction", help="add `--direction up` or `--direction down`")
        field = self.field(name)
        views = self.views(field, depth=depth, direction=direction, at=at)
        if output_format == "json":
            document = {
                "v": 1,
                "views": [json.loads(render.json(view)) for view in views],
                "jobs": [_job(job) for job in self.jobs(field, at=at)],
            }
            return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        if output_format == "csv":
            return _csv(render.table(view) for view in views)
        if output_format == "svg":
            return svg(views[0])
        if output_format == "openlineage":
            edges = {step.edge for view in views for step in view.steps if not _within_a_column(step.edge)}
            return "".join(event.decode() + "\n" for event in dataset_events(edges, time=self._now()))
        titles = {"upstream": "where it comes from", "downstream": "where it went"}
        text = "\n".join(f"{titles[view.direction]}\n{_end(render.tree(view))}" for view in views)
        return text + self._who(field, at)

    def _now(self) -> str:
        from guard.audit import timestamp

        return timestamp(self._parts.clock())

    def _who(self, field: FieldRef, at: datetime | None) -> str:
        jobs = self.jobs(field, at=at)
        if not jobs:
            return ""
        lines = [
            f"  entry {'-' if job.entry is None else job.entry}  {job.started[:19]}  {job.kind}"
            f"  {job.subject}{f' for {job.purpose}' if job.purpose else ''}"
            for job in jobs
        ]
        return "\nwho touched it, the newest first\n" + "\n".join(lines) + "\n"

    # --- what becomes of it --------------------------------------------------------------------------------

    def field(self, name: str) -> FieldRef:
        """The one field that `name` means.

        Raises:
            NothingScannedError: no field has this name.
            UsageError: several fields have it.
        """
        fields = self.find(name)
        if not fields:
            raise NothingScannedError(f"no field `{name}` is known", help="scan its source, or check the name")
        if len(fields) > 1:
            several = ", ".join(f"`{field.dataset.name}.{field.path}`" for field in fields[:5])
            raise UsageError(f"`{name}` may mean {several}", help="write more of the table's name")
        return fields[0]

    def standing(self, field: FieldRef, *, at: datetime | None = None) -> Standing:
        """The labels that arrive at a field along all edges, with its own, and what influences it; now or then."""
        return self._graph(at).standing(field)

    def where(self, kind: str, *, at: datetime | None = None, only_sensitive: bool = False) -> Report:
        """Where data of a kind is: fields it was found in and fields it flowed into, with its state there."""
        graph = self._graph(at)
        rows = []
        for field in graph.where(kind, only_sensitive=only_sensitive):
            for label in graph.standing(field).labels:
                if label.kind == kind or (kind.endswith(".") and label.kind.startswith(kind)):
                    notes = "; ".join((*label.rules, *label.notes))
                    rows.append((*_names(field), label.kind, str(label.level), label.state.value, notes))
        columns = ("namespace", "name", "field", "kind", "level", "state", "evidence")
        labelled = sum(1 for _ in self._parts.store.catalogue.found(at=at))
        empty = f"none of {labelled} fields with a label holds it; what was not scanned is not known"
        if not any(one == kind or (kind.endswith(".") and one.startswith(kind)) for one in self._kinds()):
            empty = f"unknown: no rule tells what `{kind}` is, so nothing was looked for"
        return Report(f"where `{kind}` is", columns, empty, tuple(rows))

    def impact(self, field: FieldRef, *, at: datetime | None = None, depth: int = MAX_HOPS) -> Report:
        """What changes with a field: every field that its values reach, then those that it only influences."""
        from guard.lineage.graph import Graph

        view = Graph(self._recorded(field, depth + 1, at, down=True)).downstream(field, depth=depth)
        flows = set(view.fields("flow"))
        far: dict[FieldRef, int] = {}
        for step in view.steps:
            far.setdefault(step.far, step.depth)
        graph = self._graph(at)
        rows = [
            (
                *_names(one),
                "values" if one in flows else "influence",
                str(far[one]),
                ", ".join(f"{label.kind} {label.state.value}" for label in graph.standing(one).labels),
            )
            for one in sorted(far, key=lambda one: (one not in flows, far[one], one))
        ]
        jobs = self.jobs(field, at=at)
        notes = [f"{len(flows)} fields get values, {len(far) - len(flows)} are influenced"]
        notes += [f"{len(jobs)}{' or more' if len(jobs) == MAX_JOBS else ''} jobs read or wrote the field itself"]
        if view.cut:
            notes.append("more follows: raise the depth, or ask about a field further down")
        columns = ("to_namespace", "to_name", "to_field", "reached_by", "depth", "labels_now")
        title = f"what changes with `{field.dataset.name}.{field.path}`"
        return Report(title, columns, "no recorded job takes it further", tuple(rows), tuple(notes))

    def paths(self, source: FieldRef, target: FieldRef, *, at: datetime | None = None) -> tuple[Path, ...]:
        """The ways from one field to another, shortest first, each a tuple of edges; at most a hundred.

        Raises:
            UsageError: so much lies between the two that nothing can be said.
        """
        from guard.lineage.graph import Graph

        return Graph(self._recorded(source, MAX_DEPTH, at, down=True)).paths(source, target)

    def show_paths(self, source: FieldRef, target: FieldRef, *, output_format: str, at: datetime | None = None) -> str:
        """The ways as `tree`, `json`, `csv` or `svg`."""
        from guard.lineage import ways

        return ways.FORMATS[_chosen(output_format, ways.FORMATS)](source, target, self.paths(source, target, at=at))

    def left(self, border: str, *, since: str = "", until: str = "", everything: bool = False) -> Report:
        """What left a country, a department or an organisation, or went to whom (`subject`).

        Raises:
            UsageError: there is no such border.
        """
        from guard.engine.crossing import left
        from guard.engine.places import BORDERS

        if border not in (*BORDERS, "subject"):
            raise UsageError(f"unknown border `{border}`", help=f"choose one of {', '.join((*BORDERS, 'subject'))}")
        found = left(self._parts, border, since=since, until=until, everything=everything)
        rows = tuple(
            (
                *_names(one.source), *_names(one.target), one.came_from, one.went_to,
                ", ".join(f"{label.kind} {label.state.value}" for label in one.labels),
                self._who_is(one.subject), one.purpose, one.kind, one.first, one.last, str(one.count),
                "" if one.entry is None else str(one.entry),
            )
            for one in found.left
        )  # fmt: skip
        columns = (
            "from_namespace", "from_name", "from_field", "to_namespace", "to_name", "to_field", "came_from", "went_to",
            "labels", "subject", "purpose", "job", "first", "last", "count", "entry",
        )  # fmt: skip
        notes: tuple[str, ...] = ()
        if found.unplaced:
            outside = f"{found.unplaced} datasets or people have no known {border}, so they count as outside"
            notes = (f"{outside}: name them under `lineage.datasets`, or as the attribute `{border}` of a subject",)
        title, empty = f"what left the {border}", f"no recorded job took anything over the border of its {border}"
        if border == "subject":
            title, empty = "to whom", "no recorded job gave anything to anybody"
        return Report(title, columns, empty, rows, notes)

    def person(self, kind: str, value: str) -> Report:
        """Which answers held the data of the person whose identifier of `kind` is `value`; the value is not kept.

        Raises:
            UsageError: answers are not indexed by this kind.
        """
        from guard.engine.people_in_answers import PeopleIndex

        known = self._parts.label_rules.identifiers
        if kind not in known:
            raise UsageError(f"answers are not indexed by `{kind}`", help=f"choose one of {', '.join(sorted(known))}")
        held = PeopleIndex(self._parts).find(kind, value)
        rows = [
            (how, job.started, job.kind, self._who_is(job.subject), job.purpose, job.name, str(job.entry or ""))
            for how, jobs in (("held", held.held), ("possible", held.possible))
            for job in jobs
        ]
        notes = []
        if held.possible:
            notes.append("`possible` answers read a table with such identifiers, and did not show all of them")
        if held.cut:
            notes.append("there are more answers than are told")
        columns = ("answer", "time", "job", "subject", "purpose", "name", "entry")
        empty = "no recorded answer held it"
        return Report("which answers held this person's data", columns, empty, tuple(rows), tuple(notes))

    def forget(self, kind: str, value: str) -> int:
        """Removes a person from the index of answers; how many marks there were."""
        from guard.engine.people_in_answers import PeopleIndex

        return PeopleIndex(self._parts).forget(kind, value)

    def contradictions(self) -> Report:
        """Where the last scans saw otherwise than the lineage says; each row is a finding."""
        from itertools import chain

        store = self._parts.store
        fields = {field.dataset.namespace for field, _ in store.catalogue.found()}
        scanned = list(chain.from_iterable(store.catalogue.labels_of(namespace) for namespace in sorted(fields)))
        rows = tuple(
            (*_names(one.field), one.kind, one.told.value, one.seen.value if one.seen else "clean", one.help)
            for one in self._parts.standings.contradictions(scanned)
        )
        columns = ("namespace", "name", "field", "kind", "lineage_says", "scan_saw", "help")
        empty = f"nowhere among {len(scanned)} scanned fields" if scanned else "no scan is recorded to compare with"
        return Report("where scans contradict the lineage", columns, empty, rows)

    def ingest(self, text: bytes, *, name: str, operator: str, namespace: str = "", dialect: str = "") -> Ingested:
        """Takes a dbt manifest (with the `namespace` of its warehouse) or OpenLineage events into the graph.

        Raises:
            UsageError: another document, or an event that is not valid; then nothing is taken.
        """
        from guard.audit import timestamp
        from guard.engine.intake import read, take_in

        told = read(text, namespace=namespace, dialect=dialect)
        take_in(self._parts, name, told, operator=operator, time=timestamp(self._parts.clock()))
        return told

    def _kinds(self) -> Iterable[str]:
        return self._parts.classifier.taxonomy.kinds

    def _graph(self, at: datetime | None) -> CompactGraph:
        return self._parts.standings.current() if at is None else self._parts.standings.at(at)

    def _who_is(self, subject: str) -> str:
        name = self._parts.people.reveal(subject)
        return name.reveal() if name else subject


def _names(field: FieldRef) -> tuple[str, str, str]:
    return field.dataset.namespace, field.dataset.name, field.path


def _chosen(name: str, formats: Iterable[str]) -> str:
    if name not in formats:
        raise UsageError(f"unknown format `{name}`", help=f"choose one of {', '.join(formats)}")
    return name


def _job(job: Job) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(job)
    return built


def _end(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _csv(tables: Iterable[str]) -> str:
    """Several CSV tables with the same header as one."""
    first, *rest = tables
    return first + "".join(table.partition("\n")[2] for table in rest)


def _column_of(field: FieldRef) -> FieldRef | None:
    """The column that a path leads into; None for a column itself."""
    column = re.split(r"[.\[]", field.path, maxsplit=1)[0]
    return FieldRef(field.dataset, column) if column and column != field.path else None


def _within_a_column(edge: Edge) -> bool:
    """True for the step between a field and the column that it is a part of: no edge between datasets."""
    return _column_of(edge.source) == edge.target or _column_of(edge.target) == edge.source
