"""One scan: sample each table read-only, classify its columns, keep what was learnt table by table.

A table is acknowledged when its labels are in the store. A scan that was killed goes on where it stopped, and a
table that cannot be read does not stop the others. What did not change since an earlier scan is not read again
(`guard.engine.unchanged`); tables are read a few at once, and what is found does not depend on how many.
"""

from __future__ import annotations

import secrets
import time as clock_time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from guard.audit import timestamp
from guard.classify.effort import ORDINARY, thorough
from guard.classify.suppress import Gate, gate
from guard.engine.components import Components
from guard.engine.project import Done
from guard.engine.record import MAX_NAMES, entry_of, scan_body
from guard.engine.release import edges_of_scan
from guard.engine.unchanged import Standing, Unchanged
from guard.errors import NothingScannedError, SourceError
from guard.model import FieldLabel, Job, ScanReport, SkippedTable, Table, TableName
from guard.sources.source import Limits
from guard.store.lineage import digest_of
from guard.store.memories import Left

if TYPE_CHECKING:
    from guard.classify import Classifier
    from guard.classify.nested import Part
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
    threads: int = 1  # tables at once
    full: bool = False  # read also what did not change
    rate: str = ""  # the share of cells that must be found, as 1/1000; `sample` follows from it
    confidence: float = 0.0  # with which probability

    @property
    def thorough(self) -> bool:
        """True when every value is looked at, and single rows are drawn."""
        return bool(self.rate)


@dataclass(frozen=True, slots=True)
class Looked:
    """What became of one table: its labels, or why it was skipped."""

    labels: tuple[FieldLabel, ...] = ()
    left: Left | None = None  # for the next scan; None when the labels stand as they stood
    cells: int = 0  # read
    unchanged: int = 0  # fields that were not read
    skipped: str = ""


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
    suppressions = parts.suppressions  # a file that does not fit stops the scan before it begins
    started = timestamp(clock())
    begun = clock_time.perf_counter()
    run = parts.store.scans.begin(
        secrets.token_hex(8), source=source.uri, sample=sample, seed=seed, rules_version=_reading(parts, request)
    )
    looked: dict[TableName, Looked] = {}

    def report() -> ScanReport:
        each = [looked[table.name] for table in tables if table.name in looked]
        skipped = [SkippedTable(str(t.name), looked[t.name].skipped) for t in tables if _is_skipped(looked, t)]
        return ScanReport(
            id=run.id,
            source=source.uri,
            fields=tuple(label for one in each for label in one.labels),
            tables=tuple(str(table.name) for table in tables),
            skipped=(*unreadable, *skipped),
            rows=tuple((str(table.name), table.rows) for table in tables),
            counted=tuple((table.dataset.name, table.rows) for table in tables if table.rows is not None),
            seed=seed,
            sample=sample,
            rate=request.rate,
            confidence=request.confidence,
            rules_version=parts.classifier.version,
            started=started,
            seconds=clock_time.perf_counter() - begun,
            unchanged=sum(one.unchanged for one in each),
            cells_read=sum(one.cells for one in each),
        )

    who = parts.people.of(operator)
    parts.log.append(entry_of("scan", who, time=started, body=scan_body(report(), state="begun")))
    known = Unchanged(
        parts.store,
        source,
        tables,
        asked=(sample, seed, request.thorough),
        classifier=parts.classifier,
        full=request.full,
    )
    done_before = run.finished_of(tables)
    reading: list[tuple[Table, Standing]] = []
    for table in tables:
        standing = known.of(table)
        if table.name in done_before:
            looked[table.name] = Looked(done_before[table.name])
        elif standing.labels is not None:
            looked[table.name] = Looked(standing.labels, unchanged=len(standing.labels))
        else:
            reading.append((table, standing))

    def look(table: Table, standing: Standing) -> Looked:
        """Acknowledged before the thread takes another table, so that a kill loses those at work alone."""
        found = _look(parts.classifier, source, table, standing, request)
        if not found.skipped:
            run.finish_table(table, found.labels, found.left)
        return found

    for table, found in _each(reading, look, request.threads):
        looked[table.name] = found
        if progress is not None:
            progress(str(table.name), len(looked), len(tables))
    parts.projector.flush()  # what guard itself made of the data stands in the lineage by now
    found_so_far = report()
    contradictions = parts.standings.contradictions(found_so_far.fields)
    result = msgspec.structs.replace(found_so_far, contradictions=contradictions)
    run.finish(result)
    ended = timestamp(clock())
    edges = edges_of_scan(result.fields)
    digest = digest_of(edges)
    parts.store.lineage.keep(digest, edges)
    accepted = gate(result.fields, suppressions, day=clock().date())
    body = {**scan_body(result, state="done"), "edges": digest, "suppressed": _accepted(accepted)}
    index = parts.log.append(entry_of("scan", who, time=ended, body=body))
    job = Job(id=run.id, kind="scan", name=source.uri, started=started, subject=who.pseudonym, entry=index)
    parts.projector.put(Done(job=job, edges=edges, digest=digest, fields=result.fields))
    return result


def _reading(parts: Components, request: Request) -> str:
    """What a scan has in common with one that it may go on from: the rules, and how closely it looks."""
    return f"{parts.classifier.version}{'+thorough' if request.thorough else ''}"


def _accepted(gate: Gate) -> list[str]:
    """What was not a finding because somebody accepted it, and who, for the record."""
    every = sorted({f"{each.rule}:{each.target}:{each.owner}:{each.expires}" for each in gate.suppressed.values()})
    return every if len(every) <= MAX_NAMES else [*every[:MAX_NAMES], f"and {len(every) - MAX_NAMES} more"]


def _each(
    reading: Sequence[tuple[Table, Standing]], look: Callable[[Table, Standing], Looked], threads: int
) -> Iterator[tuple[Table, Looked]]:
    """Looks at the tables, `threads` at once, and gives each when it is done."""
    with ThreadPoolExecutor(threads, thread_name_prefix="guard-scan") as pool:
        waiting = {pool.submit(look, table, standing): table for table, standing in reading}
        try:
            for finished in as_completed(waiting):
                yield waiting.pop(finished), finished.result()
        except BaseException:  # also Ctrl-C: what was finished is kept, and nothing more is begun
            pool.shutdown(cancel_futures=True)
            raise


def _is_skipped(looked: Mapping[TableName, Looked], table: Table) -> bool:
    return table.name in looked and bool(looked[table.name].skipped)


def _look(classifier: Classifier, source: Source, table: Table, standing: Standing, request: Request) -> Looked:
    """Reads the columns of a table that are not known, and judges all of them together."""
    from guard.classify.memory import remember

    recalled = standing.recalled
    fresh = tuple(column for column in table.columns if column.name not in recalled)
    read: dict[str, list[Part]] = {}
    cells = 0
    if fresh or not table.columns:
        wanted = msgspec.structs.replace(table, columns=fresh)
        limits = Limits(rows=request.sample, seconds=request.seconds, whole=request.thorough)
        effort = thorough(request.sample) if request.thorough else ORDINARY
        try:
            batch = source.sample(wanted, rows=request.sample, seed=request.seed, limits=limits)
        except SourceError as error:
            return Looked(skipped=error.message)
        cells = batch.num_rows * batch.num_columns
        for name in batch.column_names:
            read[name] = classifier.read(batch.select([name]), effort)
    names = [column.name for column in table.columns] or list(read)
    found = [part for name in names for part in (recalled.get(name) or read[name])]
    labels = classifier.judge(found, dataset=table.dataset, info=table)
    labels = [msgspec.structs.replace(label, identity=table.identity) for label in labels]
    left = None
    if standing.mark:
        types = {column.name: column.type for column in table.columns}
        left = Left(standing.mark, standing.judged, tuple(labels), remember(found, types).packed())
    kept = sum(len(recalled[name]) for name in names if name in recalled)
    return Looked(tuple(labels), left, cells, kept)
