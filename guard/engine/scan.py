"""One scan: sample each table read-only, classify its columns, keep what was learnt table by table.

A table is acknowledged when its labels are in the store. A scan that was killed goes on where it stopped, and a
table that cannot be read does not stop the others.
"""

from __future__ import annotations

import secrets
import time as clock_time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from guard.audit import timestamp
from guard.engine.components import Components
from guard.engine.project import Done
from guard.engine.record import entry_of, scan_body
from guard.engine.release import edges_of_scan
from guard.errors import NothingScannedError, SourceError
from guard.model import FieldLabel, Job, ScanReport, SkippedTable, Table
from guard.sources.source import Limits
from guard.store.lineage import digest_of

if TYPE_CHECKING:
    from guard.sources.source import Source


class Progress(Protocol):
    """Told after each table how far a scan is."""

    def __call__(self, table: str, done: int, total: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a scan; see `Guard.scan`."""

    only: Sequence[str] | None
    sample: int  # rows a table
    seed: int
    seconds: float  # a table
    operator: str


def scan(
    parts: Components, source: Source, request: Request, *, clock: Callable[[], datetime], progress: Progress | None
) -> ScanReport:
    """Scans `source`.

    Raises:
        SourceError: the source cannot be read at all.
        NothingScannedError: no table matched.
    """
    only, sample, seed, operator = request.only, request.sample, request.seed, request.operator
    tables = source.tables(only)
    unreadable = tuple(getattr(source, "skipped", ()))
    if not tables and not unreadable:
        what = f"tables {', '.join(f'`{name}`' for name in only)}" if only else "a table"
        raise NothingScannedError(f"`{source.uri}` has no {what}", help="check the name, or leave the filter out")
    started = timestamp(clock())
    begun = clock_time.perf_counter()
    run = parts.store.scans.begin(
        secrets.token_hex(8), source=source.uri, sample=sample, seed=seed, rules_version=parts.classifier.version
    )
    fields: list[FieldLabel] = []
    skipped: list[SkippedTable] = list(unreadable)

    def report() -> ScanReport:
        return ScanReport(
            id=run.id,
            source=source.uri,
            fields=tuple(fields),
            tables=tuple(str(table.name) for table in tables),
            skipped=tuple(skipped),
            rows=tuple((str(table.name), table.rows) for table in tables),
            seed=seed,
            sample=sample,
            rules_version=parts.classifier.version,
            started=started,
            seconds=clock_time.perf_counter() - begun,
        )

    who = parts.people.of(operator)
    parts.log.append(entry_of("scan", who, time=started, body=scan_body(report(), state="begun")))
    for number, table in enumerate(tables, start=1):
        done_before = run.finished(table)
        if done_before is not None:
            fields += done_before
        else:
            try:
                labels = _classify(parts, source, table, request)
            except SourceError as error:
                skipped.append(SkippedTable(str(table.name), error.message))
            else:
                run.finish_table(table, labels)
                fields += labels
        if progress is not None:
            progress(str(table.name), number, len(tables))
    parts.projector.flush()  # what guard itself made of the data stands in the lineage by now
    result = msgspec.structs.replace(report(), contradictions=parts.standings.contradictions(fields))
    run.finish(result)
    ended = timestamp(clock())
    edges = edges_of_scan(result.fields)
    digest = digest_of(edges)
    parts.store.lineage.keep(digest, edges)
    body = {**scan_body(result, state="done"), "edges": digest}
    index = parts.log.append(entry_of("scan", who, time=ended, body=body))
    job = Job(id=run.id, kind="scan", name=source.uri, started=started, subject=who.pseudonym, entry=index)
    parts.projector.put(Done(job=job, edges=edges, digest=digest, fields=result.fields))
    return result


def _classify(parts: Components, source: Source, table: Table, request: Request) -> tuple[FieldLabel, ...]:
    limits = Limits(rows=request.sample, seconds=request.seconds)
    batch = source.sample(table, rows=request.sample, seed=request.seed, limits=limits)
    labels = parts.classifier.classify_table(batch, dataset=table.dataset, info=table)
    return tuple(msgspec.structs.replace(label, identity=table.identity) for label in labels)
