"""What a log's folder says when it is opened for writing: where the log ends, and whether it was set back.

Only the last segment is read in full; `verify` reads everything.
"""

from __future__ import annotations

from pathlib import Path

from guard.audit import entry, journal, reader, seen
from guard.audit.keys import PublicKey, PublicKeys
from guard.audit.tree import Frontier, leaf_hash
from guard.errors import IntegrityError
from guard.model import Checkpoint, Value


class State(Value, frozen=True):
    """Where the log stands.

    `dirty` says that the last segment ends in bytes that were never acknowledged, or that nobody knows to be
    durable: the writer puts `whole`, its good bytes, in its place before it goes on.
    """

    frontier: Frontier
    head: Checkpoint
    latest: str  # time of the last entry, or empty
    segment: Path
    whole: bytes
    dirty: bool


def recover(folder: Path, public: PublicKey | PublicKeys, seen_path: Path) -> State | None:
    """The state of the log in `folder`, or None when there is none yet.

    Raises:
        IntegrityError: another key signed it, it is broken before its end, or it was set back or forked.
    """
    known = [head for head in (seen.read(seen_path), reader.published(folder)) if head is not None]
    for head in known:
        public.verify(head)
    found = reader.segments(folder)
    if not found:
        if any(head.size for head in known):
            raise set_back(0, max(head.size for head in known))
        return None
    first, path = found[-1]
    data = path.read_bytes()
    state, sizes = _read_segment(first, path, data, public)
    size = state.frontier.size
    for head in known:
        if head.size > size:
            raise set_back(size, head.size)
        if head.size in sizes and sizes[head.size] != head.root:
            raise IntegrityError(f"audit log was forked: it holds another history of its first {head.size} entries")
    if size and not seen_path.exists():
        raise IntegrityError(
            f"`{seen_path.name}` is missing, so a log set back to an older copy would not be noticed",
            help="restore the file, or compare the log with a checkpoint kept elsewhere",
        )
    acknowledged = max((head.size for head in known), default=0)
    latest = state.latest or _latest_before(folder, first)
    return State(state.frontier, state.head, latest, path, state.whole, state.dirty or acknowledged < size)


def _read_segment(
    first: int, path: Path, data: bytes, public: PublicKey | PublicKeys
) -> tuple[State, dict[int, bytes]]:
    """The state at the end of a segment, and the root at each size that it signs."""
    records = list(journal.records(data))
    if not records:
        raise IntegrityError(f"journal segment `{path.name}` is broken at its head")
    start = journal.read_head(records[0])
    if len(records) == 1:  # otherwise the last checkpoint vouches for all, by a key that may be newer than this one
        public.verify(start.checkpoint)
    head, frontier, latest = start.checkpoint, start.frontier, ""
    if (first, frontier.root, first) != (frontier.size, head.root, head.size):
        raise IntegrityError(f"the head of journal segment `{path.name}` does not hash to its checkpoint")
    sizes = {head.size: head.root}
    entries: list[bytes] = []
    for record in records[1:]:
        batch = journal.read_batch(record)
        entries = batch.entries()
        if batch.first != frontier.size:
            raise IntegrityError(f"the journal lacks entry {frontier.size}")
        frontier = frontier.extend(map(leaf_hash, entries))
        head = batch.checkpoint
        if (head.origin, head.size, head.root) != (public.name, frontier.size, frontier.root):
            raise IntegrityError(f"journal entries {batch.first} to {batch.size - 1} do not hash to their checkpoint")
        sizes[head.size] = head.root
    public.verify(head)
    end = records[-1].end
    if journal.has_record_after(data, end):
        raise IntegrityError(f"the journal is broken at entry {frontier.size}, and whole records stand behind it")
    latest = entry.decode(entries[-1]).time if entries else ""
    return State(frontier, head, latest, path, data[:end], end < len(data)), sizes


def _latest_before(folder: Path, first: int) -> str:
    """The time of the entry before a segment that holds none yet."""
    last = None
    for batch in reader.batches(folder, first - 1) if first else ():
        last = batch.entries()[-1]
    return entry.decode(last).time if last is not None else ""


def set_back(size: int, known: int) -> IntegrityError:
    """The error of a log that ends before what somebody knows of it."""
    return IntegrityError(
        f"audit log was set back: it ends before entry {size}, but {known} entries were acknowledged",
        help="restore the newer copy; a log that lost entries must not go on as if nothing happened",
    )
