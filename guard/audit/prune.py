"""Retention: entries that a written policy no longer wants are removed, and what is left still proves itself.

What goes is whole journal segments and the entry bundles before a *minimum index*; the hashes (32 bytes an entry)
stay, so that proofs of later entries, and consistency with every checkpoint ever kept, remain what they were. The
pruning is an entry of the log before it happens; a log that begins late without such an entry is bad.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from guard.audit import entry as canonical
from guard.audit import reader, tile
from guard.audit.disk import PosixDisk
from guard.audit.log import AuditLog
from guard.errors import AuditError, UsageError
from guard.model import Entry, Value

MIN_DAYS = 180  # six months: Cybersecurity Law of the PRC, article 21 (3); MLPS 2.0
KEPT_SEGMENTS = 2  # never pruned: what opening the log reads

Record = Callable[[Mapping[str, Any]], Entry]  # the entry for a body


class Retention(Value, frozen=True):
    """The written policy: how long entries are kept at least, and a hold that forbids all pruning while it lasts."""

    days: int
    hold: str = ""  # why nothing may be removed: a court order, an investigation

    def __post_init__(self) -> None:
        if self.days < MIN_DAYS:
            msg = f"entries are kept for at least {MIN_DAYS} days"
            raise ValueError(msg)


class Pruned(Value, frozen=True):
    """What a pruning did: the first entry that is left, and how many entries and bytes went."""

    minimum: int
    entries: int
    bytes: int


def prune(log: AuditLog, policy: Retention, record: Record, *, now: datetime) -> Pruned:
    """Removes what is older than the policy wants; nothing where nothing is.

    Raises:
        UsageError: the policy holds everything back.
        AuditError: the log cannot be written; nothing was removed that is not recorded.
    """
    if policy.hold:
        raise UsageError("the audit log is on hold, so nothing is removed", help="lift the hold in the configuration")
    folder = log.folder
    before = reader.minimum(folder)
    limit = canonical.timestamp(now - timedelta(days=policy.days))
    minimum = max(before, _cut(folder, limit))
    if minimum > before:
        log.append(record({"pruned": {"minimum": minimum, "days": policy.days}}))
        log.publish()
        disk = PosixDisk()
        disk.put(folder / reader.MINIMUM, f"{minimum}\n".encode())
        disk.sync_folder(folder)
    # INVARIANT: from here on the log says, durably, that these entries are gone.
    return Pruned(minimum, minimum - before, _remove(folder, minimum))


def _cut(folder: Path, limit: str) -> int:
    """Where the first segment begins that must stay: all entries before it are older than `limit`."""
    cut = 0
    for first, _ in reader.segments(folder)[1 : -KEPT_SEGMENTS + 1]:
        batch = next(reader.batches(folder, first - 1))
        if canonical.decode(batch.entries()[first - 1 - batch.first]).time >= limit:  # times never decrease
            break
        cut = first
    return cut


def _remove(folder: Path, minimum: int) -> int:
    """Removes segments and bundles before the minimum; also what an earlier pruning left when it was cut off."""
    removed = 0
    try:
        segments = reader.segments(folder)
        for (_, path), (following, _) in pairwise(segments):
            if following <= minimum:
                removed += path.stat().st_size
                path.unlink()
        for number in range(minimum // tile.WIDTH):
            path = folder / tile.bundle_path(number)
            if path.exists():
                removed += path.stat().st_size
                path.unlink()
    except OSError as error:
        raise AuditError(f"the audit log cannot be pruned: {error.strerror}") from None
    return removed
