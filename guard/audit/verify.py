"""Re-reads a whole log with one public key and trusts nothing else that it finds.

The journal is hashed entry by entry and held against every checkpoint it signs; bundles and tiles are held against the
journal; the published, the acknowledged and a caller's own checkpoint are held against the tree. What does not agree
is named by the first entry that nobody vouches for any more.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from guard.audit import checkpoint, entry, journal, reader, seen, tile
from guard.audit.cosign import Quorum
from guard.audit.key_history import KeyHistory
from guard.audit.keys import PublicKey, PublicKeys
from guard.audit.report import MAX_PROBLEMS, Problem, VerifyReport
from guard.audit.tree import EMPTY_ROOT, HASH_SIZE, Frontier, fold, leaf_hash, span
from guard.errors import AuditError, IntegrityError
from guard.model import Checkpoint

CLAIMED = b'"claimed":"'  # in the canonical bytes of an entry whose own time was refused
PRUNED = b'"pruned":{'  # in the canonical bytes of an entry that tells of a pruning

_TILE = re.compile(r"tile/(entries|[0-7])((?:/x[0-9]{3})*/[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


def verify(
    folder: Path,
    public: PublicKey | PublicKeys,
    *,
    seen_path: Path | None = None,
    trusted: Checkpoint | None = None,
    quorum: Quorum | None = None,
) -> VerifyReport:
    """Reads everything; may run beside the writer.

    `trusted` is a checkpoint of this log that the caller kept elsewhere: the log must extend it. With a `quorum` it
    must also extend a checkpoint that so many witnesses saw; what came after rests on the log's own signature.
    Where the log's key was changed, `public` may be any key that it ever had: the log tells which signed when.

    Raises:
        AuditError: there is no log in the folder, or it cannot be read.
    """
    if not (folder / reader.JOURNAL).is_dir():
        raise AuditError(f"no audit log in `{folder}`", help="name the folder that holds `checkpoint` and `journal`")
    run = _Verification(folder, public)
    try:
        # What was acknowledged is read before the journal, which a running writer lets grow.
        run.hold("acknowledged", lambda: seen.read(seen_path or folder / seen.NAME))
        run.hold("published", lambda: reader.published(folder))
        if trusted is not None:
            run.hold("trusted", lambda: trusted)
        if quorum is not None or (folder / reader.WITNESSED).exists():
            run.hold("witnessed", lambda: _witnessed(folder, quorum))
        run.read_journal()
        run.read_edges()
        run.read_names()
    except OSError as error:
        raise AuditError(f"audit log `{folder}` cannot be read: {error.strerror}") from None
    return run.report()


def _witnessed(folder: Path, quorum: Quorum | None) -> Checkpoint | None:
    head = reader.witnessed(folder)
    if head is not None and quorum is not None:
        quorum.require(head)
    return head


def _pruned_to(packed: bytes, entries: list[bytes]) -> int:
    """The minimum index that one of these entries gives the log; 0 where none does."""
    found = 0
    for data in entries if PRUNED in packed else ():
        body = entry.decode(data).body if PRUNED in data else {}
        told = body.get("pruned")
        if isinstance(told, dict) and isinstance(told.get("minimum"), int):
            found = max(found, told["minimum"])
    return found


def _is_left(path: Path) -> bool:
    """True for what a crash leaves of a file that was never published."""
    return path.name.startswith(".") and path.name.endswith(".new")


class _BrokenError(Exception):
    """The journal cannot be followed any further."""


class _Verification:
    """One pass over the folder; problems gather on the way."""

    def __init__(self, folder: Path, public: PublicKey | PublicKeys) -> None:
        self._folder = folder
        self._public = public
        self._keys = KeyHistory(public)
        self._unverified: dict[str, Checkpoint] = {}  # held, and perhaps signed by a key that the log names later
        self._problems: list[Problem] = []
        self._held: dict[str, Checkpoint] = {}
        self._good: Checkpoint | None = None  # the last checkpoint that holds
        self._frontier = Frontier()
        self._names = [path for path in sorted((folder / "tile").rglob("*")) if path.is_file() and not _is_left(path)]
        self._read_already: set[str] = set()  # names of tiles and bundles held against the journal
        self._entries: list[bytes] = []  # behind the last full bundle
        self._levels: list[list[bytes]] = [[], []]  # level 0 behind the last full tile, level 1 whole
        self._minimum = 0  # entries before it may have been pruned
        self._pruned = 0  # entries before it were, as the log itself says
        self._refused_times = 0
        self._first_refused: int | None = None

    def report(self) -> VerifyReport:
        """What was found, the first bad entry first."""
        note = checkpoint.text(self._good) if self._good else ""
        size, root = (self._good.size, self._good.root) if self._good else (0, EMPTY_ROOT)
        problems = tuple(sorted(self._problems)[:MAX_PROBLEMS])
        return VerifyReport(size, root, note, problems, self._refused_times, self._first_refused)

    def hold(self, name: str, read: Callable[[], Checkpoint | None]) -> None:
        """Notes a checkpoint that the log must contain."""
        try:
            head = read()
            if head is None:
                self._problem(0, f"the {name} checkpoint is missing")
            else:
                if not self._public.signed(head):
                    self._unverified[name] = head
                self._held[name] = head
        except IntegrityError as error:
            self._problem(0, f"the {name} checkpoint does not hold: {error.message}")

    # --- the journal: entries, and the checkpoints over them ------------------------------------------------

    def read_journal(self) -> None:
        """Hashes every entry, and holds the tree against every checkpoint."""
        found = reader.segments(self._folder)
        try:
            if not found:
                raise IntegrityError("the journal is empty")
            self._minimum = reader.minimum(self._folder)
            if 0 < found[0][0] <= self._minimum:
                self._begin_late(found[0][1])
            for first, path in found:
                self._segment(first, path, last=path == found[-1][1])
        except IntegrityError as error:
            self._problem(self._frontier.size, error.message)
        except _BrokenError:
            pass
        if self._minimum > self._pruned:
            self._problem(0, f"entries before {self._minimum} are missing, and no entry says that they were pruned")
        for index, what in self._keys.unsettled():
            self._problem(index, what)
        for name, head in self._unverified.items():
            try:
                self._keys.ever.verify(head)
            except IntegrityError as error:
                self._problem(0, f"the {name} checkpoint does not hold: {error.message}")
                del self._held[name]
        for name, head in self._held.items():
            if head.size > self._frontier.size:
                self._problem(
                    self._frontier.size, f"the {name} checkpoint has {head.size} entries, the log ends before"
                )

    def _begin_late(self, path: Path) -> None:
        """Takes up a pruned log where its journal begins: the tiles before must hash to the head that was signed there.

        Raises:
            IntegrityError: they do not.
        """
        record = next(journal.records(path.read_bytes()), None)
        if record is None:
            raise IntegrityError(f"journal segment `{path.name}` is broken at its head")
        frontier = journal.read_head(record).frontier
        number, width = divmod(frontier.size, tile.WIDTH)
        leaves = tile.hashes_of(reader.tile_bytes(self._folder, 0, number, width)) if width else []
        roots: list[bytes] = []
        for each in range(number):
            hashes = tile.hashes_of(reader.tile_bytes(self._folder, 0, each, tile.WIDTH))
            roots.append(fold(hashes))
        nodes = (*Frontier().extend(roots).nodes, *Frontier().extend(leaves).nodes)
        if nodes != frontier.nodes:
            raise IntegrityError(f"the tiles of what was pruned do not hash to the head of `{path.name}`")
        entries = reader.bundle(self._folder, number, width) if width else []
        if [leaf_hash(data) for data in entries] != leaves:
            raise IntegrityError(f"entry bundle `{tile.bundle_path(number)}` does not hash to its tile")
        self._frontier, self._entries, self._levels = frontier, entries, [leaves, roots]
        names = [tile.tile_path(0, each) for each in range(number)]
        self._read_already.update(names)
        for name, held in self._held.items():
            if 0 < held.size <= frontier.size:
                nodes_of = tile.TileNodes(held.size, lambda *at: reader.tile_bytes(self._folder, *at))
                if span(0, held.size, nodes_of) != held.root:
                    self._problem(0, f"the {name} checkpoint of size {held.size} is of another history")

    def _segment(self, first: int, path: Path, *, last: bool) -> None:
        data = path.read_bytes()
        end = 0
        for record in journal.records(data):
            if end:
                self._batch(journal.read_batch(record))
            else:
                head = journal.read_head(record)
                if first != self._frontier.size or head.frontier != self._frontier:
                    raise IntegrityError(f"journal segment `{path.name}` does not continue the log")
                self._check_head(first, head.checkpoint)
            end = record.end
        acknowledged = any(head.size > self._frontier.size for head in self._held.values())
        torn = end and last and not acknowledged and not journal.has_record_after(data, end)
        if end < len(data) and not torn:
            at = self._first_difference(journal.loose_entries(data, end))
            self._problem(at, f"the journal is broken in the record that begins with entry {self._frontier.size}")
            raise _BrokenError

    def _batch(self, batch: journal.Batch) -> None:
        if batch.first != self._frontier.size:
            raise IntegrityError(f"the journal lacks entry {self._frontier.size}")
        entries = batch.entries()
        leaves = [leaf_hash(data) for data in entries]
        frontier, roots = self._frontier.grow(leaves, tile.HEIGHT)
        head = batch.checkpoint
        if (head.size, head.root) != (frontier.size, frontier.root):
            at = self._first_difference(entries)
            self._problem(at, f"entries {batch.first} to {batch.size - 1} do not hash to their checkpoint")
            raise _BrokenError
        for name, held in self._held.items():
            if batch.first < held.size <= batch.size:
                root = self._frontier.extend(leaves[: held.size - batch.first]).root
                if root != held.root:
                    self._problem(0, f"the {name} checkpoint of size {held.size} is of another history")
        self._frontier = frontier
        self._check_head(batch.first, head)
        self._keys.read(batch.packed, entries)
        if CLAIMED in batch.packed:
            self._note_refused_times(batch.first, entries)
        if self._minimum:
            self._pruned = max(self._pruned, _pruned_to(batch.packed, entries))
        self._hold_against_files(entries, leaves, roots)

    def _note_refused_times(self, first: int, entries: list[bytes]) -> None:
        """Counts the entries whose own time was refused."""
        for index, data in enumerate(entries, first):
            if CLAIMED in data and entry.decode(data).claimed:
                self._refused_times += 1
                if self._first_refused is None:
                    self._first_refused = index

    def _check_head(self, index: int, head: Checkpoint) -> None:
        """The signature over a tree head that was just computed."""
        try:
            if (head.origin, head.size, head.root) != (self._public.name, self._frontier.size, self._frontier.root):
                raise IntegrityError(f"the checkpoint of size {head.size} is of another log or tree")
            self._keys.check(index, head)
            self._good = head
        except IntegrityError as error:
            self._problem(index, error.message)

    def _first_difference(self, entries: list[bytes]) -> int:
        """The first of these entries, which begin where the tree ends, that its tile or bundle does not know."""
        start = self._frontier.size
        size = self._held["published"].size if "published" in self._held else 0
        for at, data in enumerate(entries, start):
            number, offset = divmod(at, tile.WIDTH)
            try:
                hashes = reader.tile_bytes(self._folder, 0, number, tile.width_at(0, number, size))
            except IntegrityError:
                return start
            here = hashes[offset * HASH_SIZE : (offset + 1) * HASH_SIZE]
            if here != leaf_hash(data):
                return at if here else start
        return start

    # --- bundles and tiles, held against the journal ---------------------------------------------------------

    def _hold_against_files(self, entries: list[bytes], leaves: list[bytes], roots: list[bytes]) -> None:
        self._entries += entries
        self._levels[0] += leaves
        done = 0
        for root in roots:
            part = slice(done, done + tile.WIDTH)
            number = len(self._levels[1])
            self._bundle(number, self._entries[part])
            self._tile(0, number, self._levels[0][part])
            self._levels[1].append(root)
            done += tile.WIDTH
        del self._entries[:done], self._levels[0][:done]

    def read_edges(self) -> None:
        """The partial tiles and bundle of the published size, and the levels above."""
        head = self._held.get("published")
        if head is None or head.size > self._frontier.size:
            return
        number, width = divmod(head.size, tile.WIDTH)
        if number == len(self._levels[1]) and width:
            self._bundle(number, self._entries[:width])
            self._tile(0, number, self._levels[0][:width])
        level, hashes = 1, self._levels[1][: head.size >> tile.HEIGHT]
        while hashes:
            parts = [hashes[at : at + tile.WIDTH] for at in range(0, len(hashes), tile.WIDTH)]
            for number, part in enumerate(parts):
                self._tile(level, number, part)
            hashes = [fold(part) for part in parts if len(part) == tile.WIDTH]
            level += 1

    def _bundle(self, number: int, entries: list[bytes]) -> None:
        name, full = tile.bundle_path(number, len(entries)), tile.bundle_path(number)
        packed = [tile.pack_bundle([each]) for each in entries]
        data = self._read(name, full, sum(map(len, packed)), number * tile.WIDTH, len(entries))
        if data is None or data == b"".join(packed):
            return
        at = 0
        for position, each in enumerate(packed):
            if data[at : at + len(each)] != each or position == len(packed) - 1:
                self._problem(number * tile.WIDTH + position, f"entry bundle `{name}` differs from the journal")
                return
            at += len(each)

    def _tile(self, level: int, number: int, hashes: list[bytes]) -> None:
        name, full = tile.tile_path(level, number, len(hashes)), tile.tile_path(level, number)
        scale = tile.HEIGHT * level
        data = self._read(name, full, len(hashes) * HASH_SIZE, (number * tile.WIDTH) << scale, len(hashes) << scale)
        if data is None or data == b"".join(hashes):
            return
        other = tile.hashes_of(data)
        pairs = enumerate(zip(hashes, other, strict=False))
        at = next((i for i, (mine, theirs) in pairs if mine != theirs), min(len(hashes) - 1, len(other)))
        self._problem((number * tile.WIDTH + at) << scale, f"tile `{name}` differs from the journal's entries")

    def _read(self, name: str, full: str, size: int, start: int, count: int) -> bytes | None:
        """The file's bytes, or the first `size` of its full form, which replaces a partial one.

        None when there is neither, which is a problem only up to the published size.
        """
        self._read_already.add(name)
        try:
            return (self._folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            pass
        try:
            return (self._folder / full).read_bytes()[:size]
        except (FileNotFoundError, NotADirectoryError):
            head = self._held.get("published")
            pruned = name.startswith("tile/entries/") and start + count <= self._minimum
            if head is not None and start + count <= head.size and not pruned:
                self._problem(start, f"`{name}` is missing")
            return None

    def read_names(self) -> None:
        """Older partial files must be the beginning of the wider ones; nothing else may stand among the tiles."""
        for path in self._names:
            name = path.relative_to(self._folder).as_posix()
            match = _TILE.fullmatch(name)
            level = 0 if match is None or match[1] == "entries" else int(match[1])
            number = int(match[2].replace("/", "").replace("x", "")) if match else 0
            width = int(match[3] or tile.WIDTH) if match else 0
            if name in self._read_already:
                continue
            if match is None or width > tile.width_at(level, number, self._frontier.size):
                self._problem(self._frontier.size, f"`{name}` does not belong to the log")
            elif match[3]:
                wide = self._expected(level if match[1] != "entries" else None, number, width)
                if wide is not None and path.exists() and path.read_bytes() != wide:
                    start = (number * tile.WIDTH) << (tile.HEIGHT * level)
                    self._problem(start, f"`{name}` is not the beginning of its wider form")

    def _expected(self, level: int | None, number: int, width: int) -> bytes | None:
        """What a partial tile, or bundle where `level` is None, must hold; None where its full form is bad already."""
        current = number == len(self._levels[1])
        try:
            if level is None:
                entries = self._entries if current else reader.bundle(self._folder, number, tile.WIDTH)
                return tile.pack_bundle(entries[:width])
            if level == 0:
                hashes = self._levels[0][:width]
                full = reader.tile_bytes(self._folder, 0, number, tile.WIDTH) if not current else b"".join(hashes)
                return full[: width * HASH_SIZE]
        except IntegrityError:
            return None
        row = self._levels[1]
        for _ in range(level - 1):
            row = [fold(row[at : at + tile.WIDTH]) for at in range(0, len(row) - tile.WIDTH + 1, tile.WIDTH)]
        return b"".join(row[number * tile.WIDTH : number * tile.WIDTH + width])

    def _problem(self, index: int, what: str) -> None:
        self._problems.append(Problem(index, what))
