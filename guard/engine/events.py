"""OpenLineage events of finished jobs, to the sinks that the configuration names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from guard.config import resolve_secret
from guard.lineage.openlineage import Known, run_event
from guard.lineage.templates import Templates
from guard.model import Edge, Sensitive

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
            event = run_event(done.job, done.edges, time=done.job.started, known=Known(labels=done.fields))
        else:
            event = self._templates.event(done.job, done.digest, lambda: done.edges or self._stored(done.digest))
        for sink in self._sinks:
            sink.emit(event)

    def _stored(self, digest: str) -> tuple[Edge, ...]:
        return self._parts.store.lineage.edges(digest) if digest else ()

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
