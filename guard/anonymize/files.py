"""File to file by a plan: in bounded batches, nothing half-written, the input untouched."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa

from guard.anonymize.apply import apply_batch, bind
from guard.anonymize.file_formats import CsvOptions, Reader, format_of, open_reader, open_writer
from guard.anonymize.keyring_file import sync_folder
from guard.anonymize.keys import Keyring
from guard.anonymize.plan import Plan
from guard.errors import TransformError, UsageError
from guard.model import Value


class Progress(Value, frozen=True):
    """Rows written, and the share of the input that is read, 0 to 1."""

    rows: int
    share: float


def anonymize_file(
    source: Path,
    target: Path,
    plan: Plan,
    keyring: Keyring | None = None,
    *,
    csv: CsvOptions | None = None,
    progress: Callable[[Progress], None] | None = None,
    before_publish: Callable[[int], None] | None = None,
) -> int:
    """Writes `target` from `source` by `plan` and returns the number of rows.

    The format of both follows their suffix (CSV, Parquet, JSON lines). `target` appears whole and durable, or not
    at all: rows go to a temporary file beside it, readable by its owner only. `before_publish` gets the number of
    rows after they are durable and before the name appears (the audit entry); when it raises, nothing appears.

    Raises:
        UsageError: `target` exists, or is `source`, or a format is unknown.
        PlanError: the plan does not fit the columns.
        SourceError: the input cannot be read.
        TransformError: a transform cannot be applied, or the output cannot be written.
        KeyUnavailableError: the plan has a keyed transform and there is no key.
    """
    options = csv or CsvOptions()
    kind = format_of(target)
    _refuse_existing(source, target)
    reader = open_reader(source, options)
    fields, keys = plan.check(reader.schema), bind(plan, keyring)
    if all(field.transform == "drop" for field in fields):
        msg = "the plan drops every column"
        raise UsageError(msg, help="keep or transform at least one column")
    kept = frozenset(field.column for field in fields if field.transform == "keep")
    # The schema of the output is known before the first row, and an impossible plan fails here.
    empty = apply_batch(pa.RecordBatch.from_pylist([], schema=reader.schema), fields, keys)
    rows = 0
    with _published(target) as (file, publish):
        writer = open_writer(kind, file, empty.schema, options, raw=reader.raw & kept)
        for batch, share in reader.batches():
            writer.write(apply_batch(batch, fields, keys))
            rows += batch.num_rows
            if progress:
                progress(Progress(rows, share))
        writer.close()
        publish(lambda: before_publish(rows) if before_publish else None)
    return rows


def columns_of(source: Path, csv: CsvOptions | None = None) -> pa.Schema:
    """The columns of a file, as a plan sees them.

    Raises:
        SourceError: the input cannot be read.
    """
    reader: Reader = open_reader(source, csv or CsvOptions())
    return reader.schema


def _refuse_existing(source: Path, target: Path) -> None:
    if os.path.lexists(target):
        same = target.exists() and source.exists() and source.samefile(target)
        msg = f"the output `{target}` is the input" if same else f"the output `{target}` exists already"
        raise UsageError(msg, help="name a new file; guard overwrites nothing")
    if not target.parent.is_dir():
        msg = f"there is no folder `{target.parent}`"
        raise UsageError(msg, help="make the folder first")


@contextlib.contextmanager
def _published(target: Path) -> Iterator[tuple[IO[bytes], Callable[[Callable[[], None]], None]]]:
    """A temporary file beside `target` and the function that gives it the name; gone in every other case."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:

            def publish(before: Callable[[], None]) -> None:
                file.flush()
                os.fsync(file.fileno())
                before()
                _rename(part, target)
                sync_folder(target.parent)

            yield file, publish
    except OSError as error:
        msg = f"the output `{target}` cannot be written: {error.strerror}"
        raise TransformError(msg, help="free some space, or name another folder; nothing was written") from None
    finally:
        part.unlink(missing_ok=True)


def _rename(part: Path, target: Path) -> None:
    """Gives the file its name, and never replaces one that appeared in the meantime."""
    try:
        os.link(part, target)
    except FileExistsError:
        msg = f"the output `{target}` exists already"
        raise UsageError(msg, help="name a new file; guard overwrites nothing") from None
    except OSError:  # a file system without hard links
        part.replace(target)
