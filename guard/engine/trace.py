"""Questions to the recorded lineage: where a field comes from, where it went, and who saw it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from guard.errors import NothingScannedError, UsageError
from guard.model import FieldRef, Job
from guard.store.find import find_fields

if TYPE_CHECKING:
    from guard.engine.components import Components
    from guard.lineage.graph import View

Direction: TypeAlias = Literal["up", "down", "both"]
MAX_JOBS = 50  # shown; there may be more


class Trace:
    """Answers from the lineage store of one guard."""

    def __init__(self, parts: Components) -> None:
        self._parts = parts

    def find(self, name: str) -> tuple[FieldRef, ...]:
        """The known fields that `name` (`table.column`) may mean."""
        return find_fields(self._parts.store, name)

    def jobs(self, field: FieldRef, *, limit: int = MAX_JOBS) -> tuple[Job, ...]:
        """What read or wrote a field, the newest first: who, for which purpose, and the entry in the audit log."""
        return tuple(self._named(job) for job in self._parts.store.lineage.jobs(field=field, limit=limit))

    def _named(self, job: Job) -> Job:
        """The job with the subject's id in place of the pseudonym, for as long as guard may know it."""
        name = self._parts.people.reveal(job.subject)
        return msgspec.structs.replace(job, subject=name.reveal()) if name else job

    def views(self, field: FieldRef, *, depth: int, direction: Direction) -> tuple[View, ...]:
        """The neighbourhood of a field, upstream before downstream."""
        from guard.lineage.graph import Graph

        store = self._parts.store.lineage
        found = []
        if direction in {"up", "both"}:
            graph = Graph(hop.edge for hop in store.upstream(field, depth))
            found.append(graph.upstream(field, depth=depth))
        if direction in {"down", "both"}:
            graph = Graph(hop.edge for hop in store.downstream(field, depth))
            found.append(graph.downstream(field, depth=depth))
        return tuple(found)

    def show(self, name: str, *, depth: int, direction: Direction, output_format: str) -> str:
        """The lineage of the one field that `name` means, as `tree`, `json` or `csv`.

        Raises:
            NothingScannedError: no field has this name.
            UsageError: several fields have it, or there is no such format.
        """
        from guard.lineage import render

        fields = self.find(name)
        if not fields:
            raise NothingScannedError(f"no field `{name}` is known", help="scan its source, or check the name")
        if len(fields) > 1:
            several = ", ".join(f"`{field.dataset.name}.{field.path}`" for field in fields[:5])
            raise UsageError(f"`{name}` may mean {several}", help="write more of the table's name")
        views = self.views(fields[0], depth=depth, direction=direction)
        if output_format == "json":
            document = {
                "v": 1,
                "views": [json.loads(render.json(view)) for view in views],
                "jobs": [_job(job) for job in self.jobs(fields[0])],
            }
            return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        if output_format not in render.FORMATS:
            raise UsageError(f"unknown format `{output_format}`", help=f"choose one of {', '.join(render.FORMATS)}")
        if output_format == "csv":
            return _csv(render.table(view) for view in views)
        titles = {"upstream": "where it comes from", "downstream": "where it went"}
        text = "\n".join(f"{titles[view.direction]}\n{_end(render.tree(view))}" for view in views)
        return text + self._who(fields[0])

    def _who(self, field: FieldRef) -> str:
        jobs = self.jobs(field, limit=MAX_JOBS)
        if not jobs:
            return ""
        lines = [
            f"  entry {'-' if job.entry is None else job.entry}  {job.started[:19]}  {job.kind}"
            f"  {job.subject}{f' for {job.purpose}' if job.purpose else ''}"
            for job in jobs
        ]
        return "\nwho touched it, the newest first\n" + "\n".join(lines) + "\n"


def _job(job: Job) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(job)
    return built


def _end(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _csv(tables: Iterable[str]) -> str:
    """Several CSV tables with the same header as one."""
    first, *rest = tables
    return first + "".join(table.partition("\n")[2] for table in rest)
