"""File to file by a plan: in bounded batches, nothing half-written, the input untouched; a killed run can go on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from guard.anonymize.apply import Work
from guard.anonymize.file_formats import CsvOptions, Reader, Writer, format_of, open_reader, open_writer
from guard.anonymize.in_order import in_order
from guard.anonymize.journal import Run, written
from guard.anonymize.keys import Keyring
from guard.anonymize.plan import Plan
from guard.anonymize.rows import Ports
from guard.errors import UsageError
from guard.model import Value

THREADS = 2
END_BYTES = 1024 * 1024  # at both ends of the input, to know it again


class Progress(Value, frozen=True):
    """Rows of the input that are done, and the share of it that is read, 0 to 1."""

    rows: int
    share: float


def anonymize_file(  # noqa: PLR0913 - each is a choice of the caller, by name
    source: Path,
    target: Path,
    plan: Plan,
    keyring: Keyring | None = None,
    *,
    csv: CsvOptions | None = None,
    ports: Ports | None = None,
    resume: bool = False,
    progress: Callable[[Progress], None] | None = None,
    before_publish: Callable[[int], None] | None = None,
) -> int:
    """Writes `target` from `source` by `plan` and returns the number of rows written.

    The format of both follows their suffix (CSV, Parquet, JSON lines). `target` appears whole and durable, or not
    at all: rows go to a file beside it, readable by its owner only. `before_publish` gets the number of rows after
    they are durable and before the name appears (the audit entry); when it raises, nothing appears.

    With `resume`, a run that was killed goes on behind its last checkpoint. Without it, what such a run left is
    replaced.

    Raises:
        UsageError: `target` exists, or is `source`, or a format is unknown, or another run writes `target`, or
            `resume` finds a run with another input, plan, key or option.
        PlanError: the plan does not fit the columns.
        SourceError: the input cannot be read.
        TransformError: a transform cannot be applied, or the output cannot be written.
        KeyUnavailableError: the plan has a keyed transform and there is no key.
    """
    options = csv or CsvOptions()
    kind = format_of(target)
    _refuse_existing(source, target)
    reader = open_reader(source, options)
    work = Work(plan, reader.schema, keyring, ports)
    if all(field.transform == "drop" for field in work.fields):
        msg = "the plan drops every column"
        raise UsageError(msg, help="keep or transform at least one column")
    run = Run(
        _identity(source), _plan_digest(plan), _key_check(plan, keyring), f"{kind} {msgspec.json.encode(options)!r}"
    )
    kept = frozenset(field.column for field in work.fields if field.transform == "keep")
    work.survey(batch for batch, _ in reader.batches())
    # The schema of the output is known before the first row, and an impossible plan fails here.
    schema = work.batch(pa.RecordBatch.from_pylist([], schema=reader.schema), 0).schema
    with written(target, run, resume=resume) as journal:
        total, started = journal.done.written, bool(journal.done.rows)
        writer = open_writer(
            kind, journal.file, schema, options, raw=reader.raw & kept, whole=journal.whole, header=not started
        )
        for rows, count, share, rendered in _made(reader, work, writer, skip=journal.done.rows):
            writer.append(rendered)
            total += count
            journal.checkpoint(rows, total)
            if progress:
                progress(Progress(rows, share))
        writer.close()
        journal.publish(lambda: before_publish(total) if before_publish else None)
    return total


def _made(reader: Reader, work: Work, writer: Writer, *, skip: int) -> Iterator[tuple[int, int, float, Any]]:
    """Rows done, rows made, the share read and the rendered rows, batch by batch behind the first `skip` rows."""

    def batches() -> Iterator[tuple[pa.RecordBatch, int, float]]:
        start = 0
        for batch, share in reader.batches():
            end = start + batch.num_rows
            if end > skip:
                first = max(start, skip)
                yield batch.slice(first - start), first, share
            start = end

    def change(item: tuple[pa.RecordBatch, int, float]) -> tuple[int, int, float, Any]:
        batch, start, share = item
        made = work.batch(batch, start)
        return start + batch.num_rows, made.num_rows, share, writer.render(made)

    return in_order(batches(), change, threads=min(THREADS, os.cpu_count() or 1))


def columns_of(source: Path, csv: CsvOptions | None = None) -> pa.Schema:
    """The columns of a file, as a plan sees them.

    Raises:
        SourceError: the input cannot be read.
    """
    reader: Reader = open_reader(source, csv or CsvOptions())
    return reader.schema


def _identity(source: Path) -> tuple[int, int, str]:
    """Size, time of last change and a digest of both ends: a changed input is not resumed."""
    about = source.stat()
    with source.open("rb") as file:
        digest = hashlib.sha256(file.read(END_BYTES))
        file.seek(max(about.st_size - END_BYTES, 0))
        digest.update(file.read(END_BYTES))
    return about.st_size, about.st_mtime_ns, digest.hexdigest()


def _plan_digest(plan: Plan) -> str:
    """With the files that the plan names, not only their names."""
    return hashlib.sha256(msgspec.msgpack.encode(plan)).hexdigest()


def _key_check(plan: Plan, keyring: Keyring | None) -> str:
    if keyring is None:
        return ""
    keys = keyring.bind(plan.purpose)
    return f"{keys.current}:{keys.derive('journal').reveal()[:8].hex()}"


def _refuse_existing(source: Path, target: Path) -> None:
    if os.path.lexists(target):
        same = target.exists() and source.exists() and source.samefile(target)
        msg = f"the output `{target}` is the input" if same else f"the output `{target}` exists already"
        raise UsageError(msg, help="name a new file; guard overwrites nothing")
    if not target.parent.is_dir():
        msg = f"there is no folder `{target.parent}`"
        raise UsageError(msg, help="make the folder first")
