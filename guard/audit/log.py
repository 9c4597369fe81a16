"""The audit log: an entry is durable before its caller goes on.

The folder holds a journal (the truth, written first), the public C2SP tlog-tiles layout (tiles, entry bundles and
checkpoint, which follow within about a second), and the largest checkpoint that was ever acknowledged.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType

from guard.audit import entry as canonical
from guard.audit import keys, proof, reader, recover, seen
from guard.audit.background import PUBLISH_ENTRIES, Background
from guard.audit.disk import Disk, PosixDisk
from guard.audit.publish import Publisher
from guard.audit.report import VerifyReport
from guard.audit.segment import Segment, begin
from guard.audit.ticket import Ticket
from guard.audit.tile import HEIGHT
from guard.audit.times import OnRefused, Times, stamped, utc_now
from guard.audit.tree import Frontier, leaf_hash
from guard.audit.verify import verify
from guard.audit.writer import MAX_BATCH, MAX_BATCH_BYTES, Writer
from guard.errors import AuditError, IntegrityError
from guard.model import Checkpoint, Entry, Proof

LOCK_STEP = 0.02  # seconds between two looks at the lock


class AuditLog:
    """An append-only log in a folder, with one writer at a time. Safe to share between threads; a context manager."""

    def __init__(
        self,
        folder: Path,
        public: keys.PublicKey | keys.PublicKeys,
        writer: Writer,
        times: Times,
        rest: _Rest,
    ) -> None:
        """Use `AuditLog.open`."""
        self.folder = folder
        self._writer = writer
        self._times = times
        self._rest = rest
        self.public = public
        self._pid = os.getpid()

    @classmethod
    def open(
        cls,
        folder: Path,
        signer: keys.Signer,
        *,
        clock: Callable[[], datetime] = utc_now,
        believed: keys.PublicKeys | None = None,
        seen_path: Path | None = None,
        disk: Disk | None = None,
        wait: float = 0.0,
        segment: Callable[[Path, int, Disk], Segment] = Segment,
    ) -> AuditLog:
        """Opens the log for writing, and begins it when the folder is empty.

        The log must end under a key of `believed`, by default of the signer. `seen_path` is where the largest
        acknowledged checkpoint is kept, by default inside the folder; `segment` makes what commits go to.

        Raises:
            AuditError: another writer has it open, or the folder cannot be written.
            IntegrityError: another key signed it, it is broken, or it was set back to an older copy.
        """
        disk = disk or PosixDisk()
        seen_path = seen_path or folder / seen.NAME
        held = -1
        try:
            (folder / reader.JOURNAL).mkdir(parents=True, exist_ok=True)
            held = lock(folder, wait)
            state = recover.recover(folder, believed or signer.public, seen_path) or _begin(folder, signer, disk)
            if state.dirty:
                disk.put(state.segment, state.whole)
                disk.sync_folder(state.segment.parent)
            publisher = catch_up(folder, state.head, disk)
            mark = seen.Seen(seen_path, state.head, disk)
            journal = segment(state.segment, len(state.whole), disk)
        except OSError as error:
            os.close(held) if held >= 0 else None
            raise AuditError(f"audit log `{folder}` cannot be opened: {error.strerror}") from None
        except AuditError:
            os.close(held) if held >= 0 else None
            raise
        after = Background(publisher, state.head)
        writer = Writer(signer, journal, state.frontier, state.head, mark, after)
        times = Times(clock, state.latest)
        return cls(folder, signer.public, writer, times, _Rest(after, journal, mark, seen_path, held))

    # --- appending ----------------------------------------------------------------------------------------

    def append(self, entry: Entry) -> int:
        """The entry's index, once it is durable.

        Raises:
            AuditError: it is not acknowledged, so the effect that it records must not happen.
        """
        return self._put([entry]).wait()

    def begin(self, entry: Entry) -> Ticket:
        """Hands the entry over; the ticket's `wait()` gives its index once it is durable. Waits when the queue is full.

        Raises:
            AuditError: the entry is refused, or the log is closed or broken.
        """
        return self._put([entry])

    def begin_soon(self, entry: Entry) -> Ticket:
        """As `begin`, but the writer encodes the entry, so that the caller goes on at once; `wait()` tells a refusal.

        Good where the caller then leaves the interpreter for longer than it takes to encode and to sign.
        """
        if os.getpid() != self._pid:
            raise AuditError("audit log was opened by another process", help="open the log after forking")
        timed = stamped(entry, self._times.now())
        with self._writer.gate:
            self._writer.wait_for_room(1)
            ticket = Ticket([], self._times.in_order(timed) or timed)
            self._writer.put(ticket)
        self._times.tell()
        return ticket

    def extend(self, entries: Sequence[Entry]) -> range:
        """The indices of these entries, which follow each other, once all are durable.

        Raises:
            AuditError: an entry is refused, and none was logged; or the log is closed or broken.
        """
        first = self._put(entries).wait() if entries else self.size
        return range(first, first + len(entries))

    def _put(self, entries: Sequence[Entry]) -> Ticket:
        if os.getpid() != self._pid:
            raise AuditError("audit log was opened by another process", help="open the log after forking")
        now = self._times.now()
        timed = [stamped(entry, now) for entry in entries]
        packed = [canonical.encode(entry) for entry in timed]
        ticket = Ticket(packed)
        if len(packed) > MAX_BATCH or ticket.size > MAX_BATCH_BYTES:
            raise AuditError(f"{len(packed)} entries are too many for one commit", help="hand over fewer at once")
        with self._writer.gate:
            self._writer.wait_for_room(len(packed))
            for at, entry in enumerate(timed):
                moved = self._times.in_order(entry)
                if moved is not None:
                    packed[at] = canonical.encode(moved)
            self._writer.put(ticket)
        self._times.tell()
        return ticket

    # --- reading ------------------------------------------------------------------------------------------

    @property
    def checkpoint(self) -> Checkpoint:
        """The signed head over all durable entries."""
        return self._writer.checkpoint

    @property
    def size(self) -> int:
        """How many entries are durable."""
        return self._writer.checkpoint.size

    @property
    def refused_times(self) -> int:
        """How many times were refused since the log was opened, because they lay behind an earlier entry's."""
        return self._times.refused

    def tell_refused_times(self, to: OnRefused) -> None:
        """Has `to` called when the clock runs backwards: once, and again only after it was right in between."""
        self._times.on_refused = to

    def require_open(self) -> None:
        """Returns while entries are taken.

        Raises:
            AuditError: the log is closed, or an earlier write failed.
        """
        with self._writer.gate:
            self._writer.wait_for_room(0)

    def publish(self) -> Checkpoint:
        """Writes tiles, bundles and checkpoint for all that is durable by now, and gives a checkpoint they cover.

        Raises:
            AuditError: the log is closed or broken.
        """
        head = self.checkpoint
        self._rest.background.flush(head.size)
        return head

    def prove(self, index: int) -> Proof:
        """Evidence that entry `index` is in this log, which verifies offline.

        Raises:
            AuditError: there is no such entry.
        """
        self.publish()
        return proof.prove(self.folder, index)

    def verify(self) -> VerifyReport:
        """Re-reads everything that is published and journalled, with this log's own key.

        Raises:
            AuditError: the log cannot be read.
        """
        self.publish()
        return verify(self.folder, self.public, seen_path=self._rest.seen_path)

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, Entry]]:
        """Index and entry of `[start, stop)`, or to the end."""
        return reader.entries(self.folder, start, self.size if stop is None else min(stop, self.size))

    # --- closing ------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Commits and publishes what was handed over, then lets the folder go; safe to call twice."""
        if not self._rest.closed:
            self._rest.closed = True
            self._writer.close()
            self._rest.release()

    def __enter__(self) -> AuditLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Rest:
    """What the log must let go of, in this order, when it closes."""

    def __init__(self, background: Background, segment: Segment, mark: seen.Seen, seen_path: Path, lock: int) -> None:
        self.background = background
        self.seen_path = seen_path
        self.closed = False
        self._segment = segment
        self._mark = mark
        self._lock = lock

    def release(self) -> None:
        self.background.close()
        self._segment.close()
        self._mark.close()
        os.close(self._lock)


def lock(folder: Path, wait: float) -> int:
    """A descriptor that holds the folder's write lock; waits at most `wait` seconds for another writer to end.

    Raises:
        AuditError: another writer holds it.
    """
    fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    until = monotonic() + wait
    try:
        while not _locked(fd):
            if monotonic() >= until:
                raise BlockingIOError
            sleep(LOCK_STEP)
    except BlockingIOError:
        owner = os.pread(fd, 20, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(fd)
        raise AuditError(
            f"audit log `{folder}` is open for writing in process {owner}",
            help="a log has one writer; share its guard, or give each process its own folder",
        ) from None
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _begin(folder: Path, signer: keys.Signer, disk: Disk) -> recover.State:
    """The first segment of a new log."""
    frontier = Frontier()
    head = keys.sign(signer, 0, frontier.root)
    path, _ = begin(folder, frontier, head, disk)
    for parent in (folder, folder.parent):
        disk.sync_folder(parent)
    return recover.State(frontier, head, "", path, path.read_bytes(), dirty=False)


def catch_up(folder: Path, head: Checkpoint, disk: Disk) -> Publisher:
    """A publisher that has published `head`: from where it stood, or all anew where files are missing or damaged.

    Raises:
        IntegrityError: the journal does not continue what was published.
    """
    publisher = Publisher(folder, disk)
    before = reader.published(folder)
    try:
        if before is not None:
            publisher.resume(before)
    except IntegrityError:
        if reader.minimum(folder):
            raise  # what was pruned cannot be built again from the journal
        publisher = Publisher(folder, disk)
    start = publisher.size
    frontier = publisher.frontier()
    for batch in reader.batches(folder, start):
        entries = batch.entries()[max(0, start - batch.first) :]
        leaves = [leaf_hash(data) for data in entries]
        frontier, roots = frontier.grow(leaves, HEIGHT)
        publisher.add(entries, leaves, roots)
        if publisher.size - publisher.published >= PUBLISH_ENTRIES:
            publisher.publish(batch.checkpoint)
    if before is None or publisher.size != publisher.published:
        publisher.publish(head)
    publisher.resume(head)
    return publisher
