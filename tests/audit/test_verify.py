"""Tampering: more than a thousand seeded mutations of a log's files, each noticed, each located."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from guard.audit import AuditLog, journal, keys, reader, tile, verify
from guard.audit.tree import Frontier, leaf_hash
from guard.errors import IntegrityError
from tests.audit.logs import OTHER, SIGNER, build, entry

SIZE = 300
MUTATIONS = 1_200


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A closed log of 300 entries in batches of 1 to 40."""
    folder = tmp_path_factory.mktemp("tamper") / "log"
    chance = random.Random(1)
    counts: list[int] = []
    while sum(counts) < SIZE:
        counts.append(min(chance.choice((1, 1, 2, 7, 40)), SIZE - sum(counts)))
    build(folder, counts)
    return folder


@pytest.fixture
def folder(original, tmp_path):
    """A copy to spoil."""
    shutil.copytree(original, tmp_path / "log")
    return tmp_path / "log"


def files(folder: Path) -> list[Path]:
    """Every file that is the log's evidence; `seen` is the writer's memory and has its own tests."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in {"lock", "seen"})


def entry_at(packed: bytes, offset: int) -> int:
    """Which entry of packed ones a byte belongs to."""
    at = number = 0
    while True:
        at += 2 + int.from_bytes(packed[at : at + 2])
        if offset < at:
            return number
        number += 1


def doubtful(folder: Path, path: Path, offset: int) -> tuple[int, int]:
    """The first and the last index that may be named when this byte of this file is spoilt."""
    name = path.relative_to(folder).as_posix()
    if name == "checkpoint":
        return 0, 0
    if name.startswith("tile/entries/"):
        index = 256 * int(name.split("/")[2][:3]) + entry_at(path.read_bytes(), offset)
        return index, index
    if name.startswith("tile/"):
        level = int(name.split("/")[1])
        index = (256 * int(name.split("/")[2][:3]) + offset // 32) << (8 * level)
        return index, index
    data, end = path.read_bytes(), 0
    for record in journal.records(data):
        if offset < record.end:
            if record.kind == journal.HEAD:
                return 0, 0
            batch = journal.read_batch(record)
            inside = offset - (record.end - len(record.body) + 16)
            packed = 0 <= inside < len(batch.packed)
            return batch.first, batch.first + (entry_at(batch.packed, inside) if packed else 0)
        end = record.end
    raise AssertionError(end)


def test_random_bytes(original, folder):
    """One byte changed anywhere: noticed, and the entry it puts in doubt is named (within its commit)."""
    chance = random.Random(2)
    paths = files(folder)
    weights = [path.stat().st_size ** 0.5 for path in paths]
    for _ in range(MUTATIONS):
        path = chance.choices(paths, weights)[0]
        data = path.read_bytes()
        offset = chance.randrange(len(data))
        changed = bytearray(data)
        changed[offset] ^= chance.randrange(1, 256)
        first, last = doubtful(folder, path, offset)
        path.write_bytes(changed)
        report = verify(folder, SIGNER.public)
        assert not report.ok, (path, offset)
        assert first <= report.first_bad <= last, (path, offset, report.problems)
        with pytest.raises(IntegrityError, match=f"bad from entry {report.first_bad}"):
            report.require()
        path.write_bytes(data)
    assert verify(folder, SIGNER.public).ok


def test_missing_short_and_long_files(folder):
    """Each file removed, cut at several places, or made longer: noticed."""
    for path in files(folder):
        data = path.read_bytes()
        in_journal = path.parent.name == "journal"
        for wrong in (None, b"", data[:1], data[: len(data) // 2], data[:-1], data + b"\0" * 32, data + data):
            if in_journal and wrong is not None and wrong.startswith(data) and wrong != data + data:
                continue  # bytes behind the last whole record are what a crash leaves, and no part of the log
            path.unlink() if wrong is None else path.write_bytes(wrong)
            assert not verify(folder, SIGNER.public).ok, (path, None if wrong is None else len(wrong))
            path.write_bytes(data)
    assert verify(folder, SIGNER.public).ok


def test_foreign_files(folder):
    """A file among the tiles that the log did not write is noticed."""
    for name in ("tile/0/002", "tile/0/abc", "tile/8/000", "tile/entries/000.p/7", "tile/0/000.p/3", "tile/x"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 96)
        assert not verify(folder, SIGNER.public).ok, name
        path.unlink()
    assert verify(folder, SIGNER.public).ok


def split(folder: Path) -> tuple[Path, journal.Head, list[journal.Batch]]:
    """The one segment of the log, taken apart."""
    path = reader.segments(folder)[0][1]
    head, *rest = journal.records(path.read_bytes())
    return path, journal.read_head(head), [journal.read_batch(record) for record in rest]


def rewrite(folder: Path, batches: list[journal.Batch], head: journal.Head | None = None) -> None:
    """Puts batches in place of the journal's, with every length and checksum right."""
    path, old, _ = split(folder)
    path.write_bytes(journal.head_record(head or old) + b"".join(map(journal.batch_record, batches)))


def test_skilled_edits_of_the_journal(folder):
    """Entries changed, swapped, dropped or doubled with all lengths and checksums put right: noticed at the commit."""
    chance = random.Random(3)
    _, _, batches = split(folder)
    for at, batch in enumerate(batches):
        entries = batch.entries()
        edits = [[*entries[:-1], entries[-1].replace(b'"rows":3', b'"rows":4')]]
        if batch.count > 1:
            edits += [entries[::-1], entries[1:], [*entries, entries[0]]]
            chance.shuffle(edits[1])
        for edit in edits:
            if edit == entries:
                continue
            forged = journal.Batch(batch.first, len(edit), tile.pack_bundle(edit), batch.checkpoint)
            rewrite(folder, [*batches[:at], forged, *batches[at + 1 :]])
            report = verify(folder, SIGNER.public)
            assert batch.first <= report.first_bad < batch.size, report.problems
    rewrite(folder, batches)
    assert verify(folder, SIGNER.public).ok


def test_commits_dropped_swapped_and_repeated(folder):
    """The order of commits is part of the evidence."""
    _, _, batches = split(folder)
    for at in range(len(batches) - 1):
        first = batches[at].first
        for edit in (
            [*batches[:at], *batches[at + 1 :]],
            [*batches[:at], batches[at + 1], batches[at], *batches[at + 2 :]],
            [*batches[: at + 1], *batches[at:]],
        ):
            rewrite(folder, edit)
            assert first <= verify(folder, SIGNER.public).first_bad <= batches[at].size


def test_an_edit_that_reaches_every_file(folder):
    """One who changes an entry in journal, bundle and tile alike still lacks the key: the commit is named."""
    _, _, batches = split(folder)
    victim = next(batch for batch in batches if batch.first > 100 and batch.count > 2)
    entries = victim.entries()
    forged = [entries[0], entries[1].replace(b'"rows":3', b'"rows":4'), *entries[2:]]
    rewrite(
        folder,
        [
            journal.Batch(each.first, each.count, tile.pack_bundle(forged), each.checkpoint) if each is victim else each
            for each in batches
        ],
    )
    number, offset = divmod(victim.first + 1, tile.WIDTH)
    bundle, leaves = folder / tile.bundle_path(number), folder / tile.tile_path(0, number)
    bundle.write_bytes(bundle.read_bytes().replace(entries[1], forged[1]))
    data = leaves.read_bytes()
    leaves.write_bytes(data[: 32 * offset] + leaf_hash(forged[1]) + data[32 * offset + 32 :])
    assert verify(folder, SIGNER.public).first_bad == victim.first


def resign(batches: list[journal.Batch], signer: keys.Signer) -> list[journal.Batch]:
    """The same entries under another signer's checkpoints."""
    frontier, signed = Frontier(), []
    for batch in batches:
        frontier = frontier.extend(map(leaf_hash, batch.entries()))
        signed.append(
            journal.Batch(batch.first, batch.count, batch.packed, keys.sign(signer, frontier.size, frontier.root))
        )
    return signed


def test_signing_again_with_another_key(folder):
    """A log rewritten from some commit on and signed with another key is bad from that commit."""
    _, _, batches = split(folder)
    signed = resign(batches, OTHER)
    for at in (0, 3, len(batches) - 1):
        rewrite(folder, [*batches[:at], *signed[at:]])
        assert verify(folder, SIGNER.public).first_bad == batches[at].first
    assert verify(folder, OTHER.public).first_bad == 0


def test_entries_added_by_another_key(folder):
    """A commit appended in the right form but by another key is noticed at its first entry."""
    _, _, batches = split(folder)
    packed = tile.pack_bundle([b"{}"])
    frontier = Frontier().extend(leaf_hash(data) for batch in batches for data in batch.entries())
    frontier = frontier.extend([leaf_hash(b"{}")])
    added = journal.Batch(SIZE, 1, packed, keys.sign(OTHER, frontier.size, frontier.root))
    rewrite(folder, [*batches, added])
    assert verify(folder, SIGNER.public).first_bad == SIZE


def test_a_fork_by_the_key_s_owner(folder, tmp_path):
    """Even the owner of the key cannot rewrite what a checkpoint kept elsewhere covers."""
    kept = reader.published(folder)
    with AuditLog.open(tmp_path / "rewritten", SIGNER) as log:
        log.extend([entry(number, time="2026-01-31T09:30:00.000000Z") for number in range(SIZE)])
    assert verify(tmp_path / "rewritten", SIGNER.public).ok
    assert verify(tmp_path / "rewritten", SIGNER.public, trusted=kept).first_bad == 0
    assert verify(folder, SIGNER.public, trusted=kept).ok


def test_rollback_names_what_is_missing(folder):
    """A journal cut back to an earlier commit is bad from the first entry it lacks."""
    _, _, batches = split(folder)
    for at in (0, 1, len(batches) // 2, len(batches) - 1):
        rewrite(folder, batches[:at])
        assert verify(folder, SIGNER.public).first_bad == batches[at].first


SEEDED: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "no signature is checked": lambda patch: patch.setattr(keys.PublicKey, "verify", lambda self, head: None),
    "no file is compared": lambda patch: patch.setattr(tile, "pack_bundle", lambda entries: AnyBytes()),
    "no root is compared": lambda patch: patch.setattr(Frontier, "grow", lying_grow),
}


class AnyBytes(bytes):
    """Equal to everything."""

    __hash__ = bytes.__hash__

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False


_grow = Frontier.grow


def lying_grow(self: Frontier, leaves, height):
    """A frontier whose root is whatever one hopes for."""
    frontier, roots = _grow(self, leaves, height)
    return LyingFrontier(frontier.size, frontier.nodes), roots


class LyingFrontier(Frontier, frozen=True):
    """Its root equals every root."""

    @property
    def root(self) -> bytes:
        """Equal to everything."""
        return AnyBytes()


@pytest.mark.parametrize("fault", SEEDED)
def test_a_verifier_that_forgets_a_check_is_noticed(fault, folder, monkeypatch):
    """Seeded faults in the verifier itself: for each there is tampering above that it would let pass."""
    _, _, batches = split(folder)
    if fault == "no signature is checked":
        rewrite(folder, resign(batches, OTHER))
    elif fault == "no file is compared":
        path = folder / "tile/entries/000"
        path.write_bytes(path.read_bytes().replace(b'"number":7,', b'"number":8,'))
    else:
        last = batches[-1]
        forged = last.packed.replace(b'"rows":3', b'"rows":4')
        rewrite(folder, [*batches[:-1], journal.Batch(last.first, last.count, forged, last.checkpoint)])
        shutil.rmtree(folder / "tile/entries")
    assert not verify(folder, SIGNER.public).ok
    SEEDED[fault](monkeypatch)
    report = verify(folder, SIGNER.public)
    kept = [each for each in report.problems if "entries/" not in each.what and "tile/0/001" not in each.what]
    assert not kept, kept
