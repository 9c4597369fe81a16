"""Tampering: changes of every kind to journal, tiles, bundles, checkpoints and proofs; each must be noticed.

What each change puts in doubt is computed from the change itself, not by the verifier: an index that the verifier names
must lie in the commit, tile or bundle entry that was touched. Changes that leave the bytes as they were do not count.
"""

from __future__ import annotations

import base64
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from bench.result import Result
from guard.audit import AuditLog, Ed25519Signer, journal, keys, proof, reader, segment, tile, verify
from guard.audit.report import VerifyReport
from guard.audit.tree import Frontier, leaf_hash
from guard.errors import AuditError
from guard.model import Checkpoint, Entry, Proof, Sensitive

SIZE = 600  # entries: full and partial tiles, two levels
FILE_MUTATIONS = 9_000
COMMIT_MUTATIONS = 1_200
PROOF_MUTATIONS = 3_000
SIGNER = Ed25519Signer("bench.example/log", Sensitive(b"0" * 32))
OTHER = Ed25519Signer("bench.example/log", Sensitive(b"1" * 32))

Range = tuple[int, int]  # the first and last entry that may be named


def run() -> Result:
    """Prints a row for each kind of change."""
    chance = random.Random(9)
    rows: dict[str, list[bool]] = {}
    misnamed = 0
    with tempfile.TemporaryDirectory(prefix="bench-tamper-") as name:
        folder = Path(name) / "log"
        segment.SEGMENT_SIZE = 40_000  # several segments
        build(folder, chance)
        kept = reader.published(folder)
        assert kept is not None
        for kind, doubt in chain(files_changed(folder, chance), commits_changed(folder, chance, kept)):
            report = check(folder, kept if kind.startswith("fork") else None)
            noticed = report is None or not report.ok
            rows.setdefault(kind, []).append(noticed)
            bad = report.first_bad if report is not None else doubt[0]
            if noticed and (bad is None or not doubt[0] <= bad <= doubt[1]):
                misnamed += 1
                print(f"misnamed: {kind}: {bad} is not in {doubt}")
        assert verify(folder, SIGNER.public).ok  # everything was put back
        for kind, noticed in proofs_changed(folder, chance):
            rows.setdefault(kind, []).append(noticed)
    for kind, found in sorted(rows.items()):
        print(f"{kind:40s} {len(found):6d} changes  {len(found) - sum(found)} undetected")
    total = sum(map(len, rows.values()))
    return Result(
        figures={"undetected": total - sum(map(sum, rows.values())), "mutations": total, "misnamed": misnamed},
        context={"kinds": len(rows), "entries": SIZE},
    )


def build(folder: Path, chance: random.Random) -> None:
    """A log of many commits of different sizes."""
    with AuditLog.open(folder, SIGNER) as log:
        while log.size < SIZE:
            count = min(chance.randrange(1, 50), SIZE - log.size)
            log.extend([entry(log.size + at) for at in range(count)])


def entry(number: int, rows: int = 3) -> Entry:
    """An entry of this number."""
    return Entry(1, "decision", "", f"s-{number % 7:032x}", {"number": number, "tables": ["crm.people"], "rows": rows})


def check(folder: Path, trusted: Checkpoint | None) -> VerifyReport | None:
    """The report; None when the log is refused as a whole."""
    try:
        return verify(folder, SIGNER.public, trusted=trusted)
    except AuditError:
        return None


# --- bytes of files ---------------------------------------------------------------------------------------


def flip(data: bytes, chance: random.Random) -> bytes:
    """One bit."""
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def overwrite(data: bytes, chance: random.Random) -> bytes:
    """A run of random bytes."""
    at = chance.randrange(len(data))
    return data[:at] + chance.randbytes(min(chance.randrange(1, 64), len(data) - at)) + data[at:][64:]


def remove(data: bytes, chance: random.Random) -> bytes:
    """A run of bytes is taken out."""
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.randrange(1, 200) :]


def insert(data: bytes, chance: random.Random) -> bytes:
    """A run of bytes is put in."""
    at = chance.randrange(len(data))
    return data[:at] + chance.randbytes(chance.randrange(1, 64)) + data[at:]


def swap(data: bytes, chance: random.Random) -> bytes:
    """Two runs of equal length change places."""
    width = chance.choice((1, 8, 32, 100))
    if len(data) < 2 * width:
        return data
    first, second = sorted((chance.randrange(len(data) - width), chance.randrange(len(data) - width)))
    if second < first + width:
        return data
    return (
        data[:first]
        + data[second : second + width]
        + data[first + width : second]
        + data[first : first + width]
        + data[second + width :]
    )


def truncate(data: bytes, chance: random.Random) -> bytes:
    """The end is cut off."""
    return data[: chance.randrange(len(data))]


CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (flip, flip, overwrite, remove, insert, swap, truncate)


def files_changed(folder: Path, chance: random.Random) -> Iterator[tuple[str, Range]]:
    """Changes one file at a time and puts it back; yields the kind and what it puts in doubt."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in {"lock", "seen"})
    content = {path: path.read_bytes() for path in paths}
    weights = [len(data) ** 0.5 for data in content.values()]
    last_segment = reader.segments(folder)[-1][1]
    done = 0
    while done < FILE_MUTATIONS:
        path = chance.choices(paths, weights)[0]
        old, change = content[path], chance.choice(CHANGES)
        new = change(old, chance)
        if new == old or (path == last_segment and new.startswith(old)):
            continue
        at = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        path.write_bytes(new)
        kind = path.relative_to(folder).parts
        yield f"{change.__name__} {kind[0] if kind[0] != 'tile' else '/'.join(kind[:2])}", doubt(folder, path, old, at)
        path.write_bytes(old)
        done += 1
    for path in paths:
        path.unlink()
        yield "file missing", doubt(folder, path, content[path], 0)
        path.write_bytes(content[path])


def doubt(folder: Path, path: Path, data: bytes, offset: int) -> Range:
    """The first and last entry that a change at `offset` of a file puts in doubt."""
    parts = path.relative_to(folder).parts
    if parts[0] == "checkpoint":
        return 0, 0
    if parts[0] == "journal":
        return journal_doubt(int(path.name[:20]), data, offset)
    number = int("".join(parts[2:]).replace("x", "")[:3])
    if parts[1] == "entries":
        entries, at = tile.unpack_bundle(data), 0
        for position, each in enumerate(entries):
            at += 2 + len(each)
            if offset < at or position == len(entries) - 1:
                return number * 256 + position, number * 256 + position
    level = int(parts[1])
    index = min(offset // 32, len(data) // 32 - 1) + number * 256
    return index << (8 * level), index << (8 * level)


def journal_doubt(first: int, data: bytes, offset: int) -> Range:
    """The commit that an offset of a segment lies in; behind a head, the entry where the segment begins."""
    for record in journal.records(data):
        if offset < record.end:
            if record.kind == journal.HEAD:
                return max(0, first - 1), first
            batch = journal.read_batch(record)
            return batch.first, batch.size
    return first, SIZE


# --- commits, with every length and checksum put right ---------------------------------------------------


def commits_changed(folder: Path, chance: random.Random, kept: Checkpoint) -> Iterator[tuple[str, Range]]:
    """What one does who knows the format but lacks the key; and one who has it, against a checkpoint kept elsewhere."""
    paths = [path for _, path in reader.segments(folder)]
    content = {path: path.read_bytes() for path in paths}
    taken = [(path, *apart(content[path])) for path in paths]
    done = 0
    while done < COMMIT_MUTATIONS:
        path, head, batches = chance.choice(taken)
        at = chance.randrange(len(batches))
        kind, changed = chance.choice(COMMIT_CHANGES)(batches, at, chance)
        if changed == batches:
            continue
        path.write_bytes(journal.head_record(head) + b"".join(map(journal.batch_record, changed)))
        last = batches[min(at + 1, len(batches) - 1)]
        yield kind, (batches[at].first, last.size)
        path.write_bytes(content[path])
        done += 1
    for number in range(20):
        yield from _rewritten(folder, kept, number)


def _rewritten(folder: Path, kept: Checkpoint, number: int) -> Iterator[tuple[str, Range]]:
    """The owner of the key writes another history in place of the log."""
    saved = folder.with_name("saved")
    folder.rename(saved)
    with AuditLog.open(folder, SIGNER) as log:
        log.extend([entry(each, rows=4 if each == number * 29 else 3) for each in range(kept.size)])
    yield "fork against a kept checkpoint", (0, 0)
    shutil.rmtree(folder)
    saved.rename(folder)


def apart(data: bytes) -> tuple[journal.Head, list[journal.Batch]]:
    """A segment, taken apart."""
    head, *rest = journal.records(data)
    return journal.read_head(head), [journal.read_batch(record) for record in rest]


Changed = tuple[str, list[journal.Batch]]


def edit_entry(batches: list[journal.Batch], at: int, chance: random.Random) -> Changed:
    """One entry says something else."""
    entries = batches[at].entries()
    victim = chance.randrange(len(entries))
    entries[victim] = entries[victim].replace(b'"rows":3', b'"rows":4')
    return "entry edited", put(batches, at, entries)


def reorder(batches: list[journal.Batch], at: int, chance: random.Random) -> Changed:
    """The entries of a commit in another order."""
    entries = batches[at].entries()
    chance.shuffle(entries)
    return "entries reordered", put(batches, at, entries)


def drop_entry(batches: list[journal.Batch], at: int, chance: random.Random) -> Changed:
    """One entry fewer."""
    entries = batches[at].entries()
    del entries[chance.randrange(len(entries))]
    return "entry dropped", put(batches, at, entries) if entries else [*batches[:at], *batches[at + 1 :]]


def add_entry(batches: list[journal.Batch], at: int, chance: random.Random) -> Changed:
    """One entry more."""
    entries = batches[at].entries()
    entries.insert(chance.randrange(len(entries) + 1), entries[0].replace(b'"rows":3', b'"rows":5'))
    return "entry added", put(batches, at, entries)


def drop_commit(batches: list[journal.Batch], at: int, chance: random.Random) -> Changed:
    """A commit is missing."""
    del chance
    return "commit dropped", [*batches[:at], *batches[at + 1 :]]


def repeat_commit(batches: list[journal.Batch], at: int, chance: random.Random) -> Changed:
    """A commit stands twice."""
    del chance
    return "commit repeated", [*batches[: at + 1], *batches[at:]]


def swap_commits(batches: list[journal.Batch], at: int, chance: random.Random) -> Changed:
    """Two commits change places."""
    del chance
    if at + 1 == len(batches):
        return "commits swapped", batches
    return "commits swapped", [*batches[:at], batches[at + 1], batches[at], *batches[at + 2 :]]


def roll_back(batches: list[journal.Batch], at: int, chance: random.Random) -> Changed:
    """The segment ends earlier, at a commit."""
    del chance
    return "rolled back", batches[:at]


def sign_again(batches: list[journal.Batch], at: int, chance: random.Random) -> Changed:
    """The commit, edited or not, under another key."""
    batch = batches[at]
    entries = batch.entries()
    if chance.random() < 0.5:
        entries[0] = entries[0].replace(b'"rows":3', b'"rows":4')
    root = Frontier().extend(map(leaf_hash, entries)).root if chance.random() < 0.5 else batch.checkpoint.root
    head = keys.sign(OTHER, batch.size, root)
    forged = journal.Batch(batch.first, batch.count, tile.pack_bundle(entries), head)
    return "signed by another key", [*batches[:at], forged, *batches[at + 1 :]]


def put(batches: list[journal.Batch], at: int, entries: list[bytes]) -> list[journal.Batch]:
    """The commits with other entries in one of them."""
    old = batches[at]
    new = journal.Batch(old.first, len(entries), tile.pack_bundle(entries), old.checkpoint)
    return [*batches[:at], new, *batches[at + 1 :]]


COMMIT_CHANGES: tuple[Callable[[list[journal.Batch], int, random.Random], Changed], ...] = (
    edit_entry,
    reorder,
    drop_entry,
    add_entry,
    drop_commit,
    repeat_commit,
    swap_commits,
    roll_back,
    sign_again,
)


# --- proofs -----------------------------------------------------------------------------------------------


def proofs_changed(folder: Path, chance: random.Random) -> Iterator[tuple[str, bool]]:
    """Changes proofs as text and as values; yields whether the change was noticed."""
    originals = [proof.prove(folder, index) for index in range(0, SIZE, 7)]
    done = 0
    while done < PROOF_MUTATIONS:
        good = chance.choice(originals)
        if done % 3:
            text = proof.text(good)
            data = chance.choice(CHANGES)(text.encode(), chance)
            kind, changed = "bytes of a proof", data.decode("utf-8", "replace")
            if changed == text:
                continue
        else:
            kind, value = proof_change(good, chance.choice(originals), chance)
            if value == good:
                continue
            changed = proof.text(value)
        try:
            proof.verify(proof.parse(changed), SIGNER.public)
            yield kind, False
        except AuditError:
            yield kind, True
        done += 1


def proof_change(good: Proof, other: Proof, chance: random.Random) -> tuple[str, Proof]:
    """One member of a proof is another's, or altered, in the right form."""
    path, note = list(good.path), good.checkpoint
    which = chance.randrange(7)
    if which == 0:
        return "index of a proof", Proof(other.index, good.entry, good.path, note)
    if which == 1:
        return "entry of a proof", Proof(good.index, other.entry, good.path, note)
    if which == 2:
        return "path of a proof", Proof(good.index, good.entry, other.path, note)
    if which == 3:
        chance.shuffle(path)
        return "path of a proof", Proof(good.index, good.entry, tuple(path), note)
    if which == 4:
        return "path of a proof", Proof(good.index, good.entry, (*path, chance.randbytes(32)), note)
    if which == 5:
        return "path of a proof", Proof(good.index, good.entry, tuple(path[:-1]), note)
    root = base64.b64decode(note.split("\n")[2])
    forged = keys.sign(OTHER, int(note.split("\n")[1]), root)
    from guard.audit import checkpoint

    return "checkpoint of a proof", Proof(good.index, good.entry, good.path, checkpoint.text(forged))
