"""Carries what the audit log recorded into the lineage store and to OpenLineage, off the caller's path.

The log is the truth; the store and the events are projections of it. A cursor in the store says how far they
got, so that whatever a crash cut off is projected at the next start.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from guard.engine.events import Announcer
from guard.engine.people_in_answers import PeopleIndex
from guard.errors import GuardError
from guard.model import Edge, Entry, FieldLabel, Job

if TYPE_CHECKING:
    from guard.engine.components import Components
    from guard.engine.people_in_answers import Seen

logger = structlog.get_logger("guard.lineage")

MAX_WAITING = 10_000  # jobs; a full queue makes the caller wait, it never drops
BATCH = 500  # jobs written to the store at once
LINGER = 0.25  # seconds; jobs gather so long, so that a busy caller is rarely interrupted
OVERLAP = 1000  # entries read again at a start: threads may hand jobs over out of the log's order
# Kind of entry -> where its job's id is; one without an id there is about something else.
NAMES_OF_JOBS = {
    "query": "decision",
    "scan": "scan",
    "anonymize": "job",
    "classify": "job",
    "release": "job",
    "lineage": "job",
}


@dataclass(frozen=True, slots=True)
class Done:
    """A job that is in the log, with what it left; `digest` names its edges in the store."""

    job: Job
    edges: tuple[Edge, ...] = ()
    digest: str = ""
    fields: tuple[FieldLabel, ...] = ()
    rows: int | None = None
    seen: Seen | None = None  # the identifiers in an answer; forgotten once they are marks


class Projector:
    """One thread that hands finished jobs on."""

    def __init__(self, parts: Components) -> None:
        self._parts = parts
        self._announcer = Announcer(parts)
        self._people = PeopleIndex(parts)
        self._catch_up()
        self._queue: queue.Queue[Done | threading.Event | None] = queue.Queue(MAX_WAITING)
        self._hurry = threading.Event()  # set while somebody waits
        self._thread = threading.Thread(target=self._run, name="guard-lineage", daemon=True)
        self._thread.start()

    def put(self, done: Done) -> None:
        """Queues a job; waits when the queue is full."""
        self._queue.put(done)

    def flush(self) -> None:
        """Returns when everything queued so far has been handed on."""
        reached = threading.Event()
        self._queue.put(reached)
        self._hurry.set()
        reached.wait()

    def close(self) -> None:
        """Hands on what is queued, then stops."""
        self._queue.put(None)
        self._hurry.set()
        self._thread.join()
        self._announcer.close()

    def _catch_up(self) -> None:
        """Projects what earlier processes logged beyond the cursor: one was killed before it got so far.

        What this process logged is handed over by those who logged it.
        """
        lineage, log = self._parts.store.lineage, self._parts.log
        cursor = lineage.cursor()
        waiting: list[Done] = []
        for index, entry in log.entries(max(0, cursor - OVERLAP), self._parts.inherited):
            done = done_of(index, entry)
            if done is None:
                continue
            waiting.append(done)
            if index >= cursor:
                self._announcer.announce(done)
            if len(waiting) == BATCH:
                self._store(waiting)
                waiting = []
        if waiting:
            self._store(waiting)

    def _run(self) -> None:
        while True:
            items = [self._queue.get()]
            self._hurry.wait(LINGER)
            if self._queue.empty():
                self._hurry.clear()
            while len(items) < BATCH:
                try:
                    items.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            jobs = [item for item in items if isinstance(item, Done)]
            if jobs:
                try:
                    for done in jobs:
                        self._announcer.announce(done)
                    self._store(jobs)
                except GuardError as error:
                    # The log still holds them: the next start projects them again.
                    logger.error("lineage.not_projected", code=error.code, jobs=len(jobs))
            for item in items:
                if isinstance(item, threading.Event):
                    item.set()
            if None in items:
                return

    def _store(self, jobs: Sequence[Done]) -> None:
        last = max((done.job.entry for done in jobs if done.job.entry is not None), default=-1)
        self._parts.store.lineage.record([(done.job, done.digest) for done in jobs], position=last + 1)
        for done in jobs:
            if done.seen is not None:
                self._people.keep(done.job.id, done.seen)


def done_of(index: int, entry: Entry) -> Done | None:
    """The job that an entry of the log tells of; None for entries that are about something else."""
    name = NAMES_OF_JOBS.get(entry.kind)
    body = entry.body
    if name is None or name not in body or (entry.kind == "scan" and body.get("state") != "done"):
        return None
    place = body.get("place")
    job = Job(
        id=str(body[name]),
        kind=entry.kind,  # type: ignore[arg-type] # the kinds above are kinds of jobs
        name=str(body.get("fingerprint") or body.get("target") or body.get("source", "")),
        started=entry.time,
        subject=entry.actor,
        purpose=str(body.get("purpose", "")),
        entry=index,
        place=tuple((str(border), str(value)) for border, value in place.items()) if isinstance(place, dict) else (),
    )
    return Done(job=job, digest=str(body.get("edges", "")))
