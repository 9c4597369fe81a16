"""OpenLineage events of finished jobs, to the sinks that the configuration names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from guard.config import resolve_secret
from guard.lineage.graph import WHOLE
from guard.lineage.openlineage import Known, run_event
from guard.lineage.propagate import Carried, carried, over, worst
from guard.lineage.templates import Templates
from guard.model import Dataset, Edge, FieldLabel, FieldRef, Label, Sensitive

if TYPE_CHECKING:
    from guard.engine.components import Components
    from guard.engine.project import Done
    from guard.lineage.sinks import LineageSink


class Announcer:
    """Turns jobs into events and hands them to every sink. Used by one thread."""

    def __init__(self, parts: Components) -> None:
        self._parts = parts
        self._sinks = _sinks(parts)
        self._templates = Templates()

    def announce(self, done: Done) -> None:
        """Emits the event of one job.

        Raises:
            GuardError: a sink did not take it.
        """
        if not self._sinks:
            return
        if done.fields:
            self._templates.clear()  # tags of datasets may be others now
            known = Known(labels=done.fields, owners=self._owners({label.field.dataset for label in done.fields}))
            event = run_event(done.job, done.edges, time=done.job.started, known=known)
        else:
            event = self._templates.event(
                done.job, done.digest, lambda: done.edges or self._stored(done.digest), self._known
            )
        for sink in self._sinks:
            sink.emit(event)

    def _stored(self, digest: str) -> tuple[Edge, ...]:
        return self._parts.store.lineage.edges(digest) if digest else ()

    def _known(self, edges: Sequence[Edge]) -> Known:
        """Columns, labels and owners of the datasets that edges touch; what flows in is labelled by rule."""
        rules, catalogue = self._parts.label_rules, self._parts.store.catalogue
        sources = {edge.source.dataset for edge in edges}
        labels = [label for dataset in sorted(sources) for label in catalogue.labels(dataset)]
        found = {label.field: (carried(label.label),) for label in labels if label.label is not None}
        arrived: dict[FieldRef, list[Carried]] = {}
        for edge in edges:
            arrived.setdefault(edge.target, []).extend(over(edge, found.get(edge.source, ()), rules))
        targets = {edge.target.dataset for edge in edges}
        outputs = [
            FieldLabel(field, "sensitive", Label(one.kind, one.level, one.state))
            for field, came in sorted(arrived.items())
            if field.dataset not in sources and field.path != WHOLE
            for one in worst(came)
        ]
        plain = {field for field in arrived if field.dataset not in sources and field.path != WHOLE}
        clean = [FieldLabel(field, "not_scanned") for field in sorted(plain - {label.field for label in outputs})]
        return Known(labels=(*labels, *outputs, *clean), owners=self._owners(sources | targets))

    def _owners(self, datasets: Iterable[Dataset]) -> tuple[tuple[Dataset, str], ...]:
        places = self._parts.places
        return tuple((one, owner) for one in sorted(datasets) if (owner := places.owner(one)))

    def close(self) -> None:
        """Closes the sinks."""
        for sink in self._sinks:
            sink.close()


def _sinks(parts: Components) -> tuple[LineageSink, ...]:
    settings = parts.loaded.config.lineage
    sinks: list[LineageSink] = []
    if settings.file:
        from guard.lineage.sinks.file import FileSink

        sinks.append(FileSink(parts.state / Path(settings.file)))
    if settings.url:
        from guard.lineage.sinks.http import HttpOptions, HttpSink

        token = None
        if settings.token:
            token = Sensitive(resolve_secret(settings.token, root=parts.loaded.root).reveal().decode())
        folder = parts.state / "spool" / (urlsplit(settings.url).hostname or "endpoint")
        sinks.append(HttpSink(settings.url, folder, options=HttpOptions(), token=token))
    return tuple(sinks)
