"""How a machine's folder follows the shared log: what the database holds is believed only as far as a key leads.

A machine holds one key of the log. Where its own copy ends under that key, it goes on from there, and each checkpoint
must be signed by a key of its time. Where it does not (a new machine, or one that slept through a change of the key),
the whole table is read first and nothing is written: the entries that name the keys must lead, from change to change,
from the key that began the log to the one that signs now, and this machine's own key must be among them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from guard.audit import journal, reader, recover, seen
from guard.audit import log as log_module
from guard.audit.disk import Disk, PosixDisk
from guard.audit.key_history import KeyHistory
from guard.audit.keys import PublicKey, PublicKeys
from guard.audit.segment import Segment, begin
from guard.audit.tree import Frontier, leaf_hash
from guard.errors import AuditError, IntegrityError
from guard.model import Checkpoint

if TYPE_CHECKING:
    from guard.audit.shared import Table


def follow(table: Table, folder: Path, public: PublicKey | PublicKeys) -> tuple[int, PublicKeys]:
    """Brings the folder up to date and publishes it; gives the number of entries and the keys under which they stand.

    Raises:
        AuditError: the folder is open for writing, or database or folder cannot be used.
        IntegrityError: what the database or the folder holds does not verify, or the database is older.
    """
    disk = PosixDisk()
    lock = -1
    try:
        (folder / reader.JOURNAL).mkdir(parents=True, exist_ok=True)
        lock = log_module.lock(folder, 0.0)
        chain = _Chain(table, public)
        if not _ends_under(folder, public):
            chain.read()
        state = recover.recover(folder, chain.ever, folder / seen.NAME) or _begin(table, folder, chain.ever, disk)
        chain.require_holds(state.frontier)
        if state.dirty:
            disk.put(state.segment, state.whole)
            disk.sync_folder(state.segment.parent)
        if state.head.size > (held := table.size()):
            raise recover.set_back(held, state.head.size)
        head = _append_new(table, folder, state, chain, disk)
        log_module.catch_up(folder, head, disk)
        return head.size, chain.ever
    except OSError as error:
        raise AuditError(f"audit log `{folder}` cannot follow: {error.strerror}") from None
    finally:
        if lock >= 0:
            os.close(lock)


class _Chain:
    """Which keys are believed, and up to where the table was read before anything was written."""

    def __init__(self, table: Table, public: PublicKey | PublicKeys) -> None:
        self._table = table
        self._history = KeyHistory(public)
        self._history.require_told()
        self._public = public
        self._known: Frontier | None = None  # the tree that the whole table made, once it was read

    @property
    def ever(self) -> PublicKeys:
        """All keys that the log is known to have had."""
        return self._history.ever

    def read(self) -> None:
        """Reads the table from its beginning.

        Raises:
            IntegrityError: the log does not hang together, or this machine's key is none of its keys.
        """
        history, tree = KeyHistory(self._public), Frontier()
        history.check(0, self._table.empty())
        for batch in self._table.commits(0):
            tree = grown(tree, batch, self._public.name)
            history.check(batch.first, batch.checkpoint)
            history.read(batch.packed, batch.entries())
        for _, cause in history.unsettled():
            raise IntegrityError(cause, help="give this machine a key of the log: its first, or a later one")
        history.require_told()
        self._history, self._known = history, tree

    def require_holds(self, tree: Frontier) -> None:
        """Returns where the folder's tree is no other than the table's.

        Raises:
            IntegrityError: the table ends before it, or holds another history.
        """
        if self._known is not None and tree.size > self._known.size:
            raise recover.set_back(self._known.size, tree.size)
        if self._known is not None and tree.size == self._known.size and tree.root != self._known.root:
            raise IntegrityError(f"the shared audit log has another history of its first {tree.size} entries")

    def check(self, batch: journal.Batch, tree: Frontier) -> None:
        """Returns where this commit, which ends in `tree`, may be written.

        Raises:
            IntegrityError: it is not what was read before, or no key of its time signed it.
        """
        if self._known is None and not self._history.signed(batch.checkpoint):
            self.read()  # a key that this machine was never told of, which the log may name before its own copy's end
        if self._known is not None and batch.first < self._known.size:
            self.ever.verify(batch.checkpoint)
            self.require_holds(tree)
        else:
            self._history.check(batch.first, batch.checkpoint)
            self._history.read(batch.packed, batch.entries())


def grown(tree: Frontier, batch: journal.Batch, name: str) -> Frontier:
    """The tree with this commit.

    Raises:
        IntegrityError: the commit does not continue it, or does not hash to its own checkpoint.
    """
    if batch.first != tree.size:
        raise IntegrityError(f"the shared audit log does not go on at entry {tree.size}")
    after = tree.extend(map(leaf_hash, batch.entries()))
    if (batch.checkpoint.origin, batch.checkpoint.size, batch.checkpoint.root) != (name, after.size, after.root):
        raise IntegrityError(f"shared entries {batch.first} to {batch.size - 1} do not hash to their checkpoint")
    return after


def _ends_under(folder: Path, public: PublicKey | PublicKeys) -> bool:
    """True where everything that the folder knows last is signed by this key; not so in a folder that holds nothing.

    Raises:
        IntegrityError: a file is damaged, or a signature bears the key's id and does not verify.
    """
    found = reader.segments(folder)
    if not found:
        return False
    heads = [head for head in (seen.read(folder / seen.NAME), reader.published(folder)) if head is not None]
    for last in list(journal.records(found[-1][1].read_bytes()))[-1:]:
        batch = last.kind == journal.BATCH
        heads.append(journal.read_batch(last).checkpoint if batch else journal.read_head(last).checkpoint)
    signed = [public.signed(head) for head in heads]  # all are looked at: a wrong signature must not hide
    return all(signed)


def _append_new(table: Table, folder: Path, state: recover.State, chain: _Chain, disk: Disk) -> Checkpoint:
    """Appends the commits that the folder lacks, each after it was checked against the tree and the keys."""
    frontier, head = state.frontier, state.head
    mark = seen.Seen(folder / seen.NAME, head, disk)
    segment = Segment(state.segment, len(state.whole), disk)
    try:
        for batch in table.commits(frontier.size):
            after = grown(frontier, batch, chain.ever.name)
            chain.check(batch, after)
            segment.rotate_if_full(frontier, head)
            segment.commit(batch)
            frontier, head = after, batch.checkpoint
            mark.record(head)
    finally:
        segment.close()
        mark.close()
    return head


def _begin(table: Table, folder: Path, ever: PublicKeys, disk: Disk) -> recover.State:
    """The first segment of a new copy."""
    empty = table.empty()
    ever.verify(empty)
    frontier = Frontier()
    if (empty.origin, empty.size, empty.root) != (ever.name, 0, frontier.root):
        raise IntegrityError("the shared audit log does not begin empty")
    path, _ = begin(folder, frontier, empty, disk)
    return recover.State(frontier, empty, "", path, path.read_bytes(), dirty=False)
