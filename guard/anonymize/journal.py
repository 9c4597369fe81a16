"""A file that is being written, and the journal beside it that lets a run go on where a killed one stopped.

    .out.csv.part       the rows so far; the name `out.csv` appears when all are there
    .out.csv.journal    what the run is (input, plan, keys, options), then one line a checkpoint
    .out.csv.whole      the output, where the part had another form (Parquet)

A checkpoint is a promise: the part is durable up to `bytes`, which are the first `rows` rows of the input. The part is
synced before the line is written, so a line that can be read is true; a torn last line is not read. The files are for
their owner only. Nothing of the data stands in the journal.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from guard.anonymize.keyring_file import sync_folder
from guard.errors import TransformError, UsageError
from guard.model import Value

CHECKPOINT_BYTES = 64 * 1024 * 1024  # of output between two checkpoints
MAX_JOURNAL_BYTES = 64 * 1024 * 1024
_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class Run(Value, frozen=True):
    """What a run is: only a run that is the same in all of this may go on where another stopped.

    Attributes:
        source: size, time of last change in nanoseconds, and SHA-256 of both ends of the input.
        plan: SHA-256 of the plan and the files it names.
        key: a fingerprint of the current key for the purpose; empty without a keyring.
        options: format of the output and how CSV is written down.
    """

    source: tuple[int, int, str]
    plan: str
    key: str
    options: str
    v: int = 1


class Checkpoint(Value, frozen=True):
    """`rows` of the input are done, `written` rows in `bytes` bytes of output are durable."""

    rows: int = 0
    written: int = 0
    bytes: int = 0


class Journal:
    """The files of one run, locked against a second one."""

    def __init__(self, target: Path, run: Run, *, resume: bool) -> None:
        self._target = target
        self.part, self.journal, self._whole_path = _names(target)
        self._whole: IO[bytes] | None = None
        self._journal = os.fdopen(os.open(self.journal, _OPEN, 0o600), "r+b", buffering=0)
        try:
            fcntl.flock(self._journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._journal.close()
            msg = f"another run is writing `{target}`"
            raise UsageError(msg, help="wait for it, or name another output") from None
        self.done = self._last(run) if resume else Checkpoint()
        if not self.done.rows:
            self.part.unlink(missing_ok=True)
        self.file: IO[bytes] = os.fdopen(os.open(self.part, _OPEN, 0o600), "r+b")
        if self.file.seek(0, os.SEEK_END) < self.done.bytes:
            self.done = Checkpoint()  # somebody cut the part
        self.file.truncate(self.done.bytes)
        self.file.seek(self.done.bytes)
        if not self.done.rows:
            self._journal.truncate(0)
            self._journal.seek(0)
            self._line(run)
        else:
            self._line(self.done)  # behind whatever a crash left of a line

    def _last(self, run: Run) -> Checkpoint:
        lines = self._journal.read(MAX_JOURNAL_BYTES).split(b"\n")
        if not lines[0]:
            return Checkpoint()
        with contextlib.suppress(msgspec.DecodeError):
            if msgspec.json.decode(lines[0], type=Run) != run:
                self._journal.close()
                msg = f"the run that stopped at `{self._target}` had another input, plan, key or option"
                raise UsageError(msg, help="run without `--resume` to begin anew")
        last = Checkpoint()
        for line in lines[1:]:
            with contextlib.suppress(msgspec.DecodeError):
                last = msgspec.json.decode(line, type=Checkpoint)
        return last

    def checkpoint(self, rows: int, written: int) -> None:
        """Makes everything so far durable, when enough has come since the last time."""
        if (at := self.file.tell()) - self.done.bytes >= CHECKPOINT_BYTES:
            self.sync()
            self.done = Checkpoint(rows, written, at)
            self._line(self.done)

    def sync(self) -> None:
        """What will be the output on the disk."""
        file = self._whole or self.file
        file.flush()
        os.fsync(file.fileno())

    def whole(self) -> IO[bytes]:
        """An empty file that is published in place of the part: it begins anew in each run."""
        self._whole_path.unlink(missing_ok=True)
        self._whole = os.fdopen(os.open(self._whole_path, _OPEN, 0o600), "r+b")
        return self._whole

    def _line(self, value: Value) -> None:
        self._journal.seek(0, os.SEEK_END)
        self._journal.write(b"\n" * bool(self._journal.tell()) + msgspec.json.encode(value))
        os.fsync(self._journal.fileno())

    def publish(self, before: Callable[[], None]) -> None:
        """Gives the part its name, after `before`, and never replaces a file that appeared in the meantime."""
        self.sync()
        before()
        output = self._whole_path if self._whole else self.part
        try:
            os.link(output, self._target)
        except FileExistsError:
            msg = f"the output `{self._target}` exists already"
            raise UsageError(msg, help="name a new file; guard overwrites nothing") from None
        except OSError:  # a file system without hard links
            output.replace(self._target)
        sync_folder(self._target.parent)

    def close(self, *, keep: bool) -> None:
        """Ends the run; the part and its journal stay only where it may go on later."""
        self._whole_path.unlink(missing_ok=True)
        if not keep:
            self.part.unlink(missing_ok=True)
            self.journal.unlink(missing_ok=True)
        for file in (self._whole, self.file, self._journal):
            if file is not None:
                file.close()


def _names(target: Path) -> tuple[Path, Path, Path]:
    part, journal, whole = (target.parent / f".{target.name}.{end}" for end in ("part", "journal", "whole"))
    return part, journal, whole


@contextlib.contextmanager
def written(target: Path, run: Run, *, resume: bool) -> Iterator[Journal]:
    """The journal of a run. What an error leaves is taken away; an interrupted run (Ctrl-C, kill) may be resumed.

    Raises:
        UsageError: another run writes this output, or what stopped here was another run.
        TransformError: the output cannot be written.
    """
    keep = False
    try:
        journal = Journal(target, run, resume=resume)
        try:
            yield journal
        except KeyboardInterrupt:
            keep = True
            raise
        finally:
            journal.close(keep=keep)
    except OSError as error:
        with contextlib.suppress(OSError):
            for name in _names(target):
                name.unlink(missing_ok=True)
        msg = f"the output `{target}` cannot be written: {error.strerror}"
        raise TransformError(msg, help="free some space, or name another folder; nothing was written") from None
