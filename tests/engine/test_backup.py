"""Backups of guard's state: consistent while guard works, verified when restored, and never a step back in silence."""

from __future__ import annotations

import io
import itertools
import shutil
import tarfile
import threading
from pathlib import Path

import pytest

from guard.audit import checkpoint, proof, reader
from guard.engine import backup, open_guard
from guard.errors import GuardError, IntegrityError, StoreError, UsageError
from guard.model import Sensitive, Subject
from tests.engine.conftest import World

PASSPHRASE = Sensitive(b"six random words make a passphrase")
TIME = "2026-11-21T03:00:00.000000Z"
CLERK = Subject("clerk-1", ("call_center",), {"districts": ("浦东新区",)})
SQL = "SELECT id, phone FROM residents WHERE id < 4"


def make(world: World, name: str = "one.backup") -> tuple[Path, backup.Backup]:
    """A backup beside the state."""
    path = world.folder / name
    return path, backup.create(world.guard.parts, path, PASSPHRASE, created=TIME)


def elsewhere(world: World, path: Path, **options) -> backup.Backup:
    """Restores into an empty folder that has the same database."""
    other = world.folder / "elsewhere"
    return backup.restore(path, other / ".guard", PASSPHRASE, **options)


def test_a_restored_guard_is_the_same(world: World) -> None:
    """Labels, lineage, entries, proofs, masks and names behind pseudonyms: all there, and the log goes on."""
    before = world.ask(SQL)
    world.guard.flush()
    old_proof = world.guard.audit.prove(before.entry)
    path, made = make(world)
    found = elsewhere(world, path)
    assert found == made
    with open_guard(folder=world.folder / "elsewhere", operator="tester") as again:
        assert again.audit.verify().size == made.checkpoint.size
        proof.verify(proof.parse(old_proof), again.parts.verifier_key)
        entry = dict(again.audit.entries())[before.entry]
        assert again.parts.people.open(entry).reveal() == "call_center-1"
        (phone,) = again.lineage.find("residents.phone")
        assert [job.entry for job in again.lineage.jobs(phone)] == [
            job.entry for job in world.guard.lineage.jobs(world.guard.lineage.find("residents.phone")[0])
        ]
        answer = again.query(SQL, subject=CLERK, purpose="service", source=world.source)
        assert answer.table == before.table
        assert answer.entry == made.checkpoint.size
        assert again.audit.verify().ok


def test_the_files_of_a_backup_are_private_and_hide_the_keys(world: World) -> None:
    """Nobody but the owner reads the file, and no key stands in it in clear."""
    path, _ = make(world)
    assert path.stat().st_mode & 0o077 == 0
    keys = world.folder / ".guard" / "keys"
    content = path.read_bytes()
    for key in keys.iterdir():
        if key.name.endswith(".key"):
            assert key.read_bytes().strip()[-40:] not in content


def test_backups_while_guard_works(world: World) -> None:
    """Eight backups beside three busy callers: each verifies, and each later one extends the earlier."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            while not stop.is_set():
                world.guard.query(SQL, subject=CLERK, purpose="service", source=world.source)
        except GuardError as error:
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        made = [make(world, f"{number}.backup") for number in range(8)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    for (path, found), (later, _) in itertools.pairwise(made):
        assert backup.verify(path, PASSPHRASE) == found
        assert backup.verify(later, PASSPHRASE, known=found.checkpoint).checkpoint.size >= found.checkpoint.size


def test_a_rolled_back_backup_is_refused(world: World) -> None:
    """Somebody keeps a newer checkpoint: the older backup is refused by name, and nothing is restored."""
    path, made = make(world)
    world.ask(SQL)
    newer = checkpoint.parse(world.guard.audit.checkpoint())
    with pytest.raises(IntegrityError, match=f"was set back: it ends before entry {made.checkpoint.size}, but"):
        elsewhere(world, path, known=newer)
    assert not (world.folder / "elsewhere" / ".guard").exists()


def test_a_log_that_survived_is_kept_when_it_extends_the_backup(world: World) -> None:
    """The catalogue is lost, the log is not: it goes on where it was, with what came after the backup."""
    path, made = make(world)
    world.ask(SQL)
    world.guard.close()
    survived = world.folder / "survived"
    shutil.copytree(world.folder / ".guard" / "audit", survived)
    elsewhere(world, path, log=survived)
    head = reader.published(world.folder / "elsewhere" / ".guard" / "audit")
    assert head is not None
    assert head.size == made.checkpoint.size + 1
    with open_guard(folder=world.folder / "elsewhere") as again:
        assert again.audit.verify().ok


def test_a_log_of_another_history_is_refused(world: World, tmp_path: Path) -> None:
    """Signed with the right key, and yet not what was backed up: the restore says so."""
    from guard.audit import AuditLog, rotate
    from guard.model import Entry

    path, _ = make(world)
    signer = rotate.signer(world.folder / ".guard" / "keys")
    with AuditLog.open(tmp_path / "forked", signer) as log:
        log.extend([Entry(1, "decision", "", "s-0", {"number": number}) for number in range(9)])
    with pytest.raises(IntegrityError, match=r"trusted checkpoint of size . is of another history"):
        elsewhere(world, path, log=tmp_path / "forked")


def test_what_was_erased_stays_erased(world: World) -> None:
    """The backup is older than the erasure, the log knows of it: the name does not come back."""
    answer = world.ask(SQL)
    path, _ = make(world)
    erased = world.guard.erase("call_center-1")
    world.guard.close()
    survived = world.folder / "survived"
    shutil.copytree(world.folder / ".guard" / "audit", survived)
    found = elsewhere(world, path, log=survived)
    assert found.erased_again == (erased.pseudonym,)
    with open_guard(folder=world.folder / "elsewhere") as again:
        entry = dict(again.audit.entries())[answer.entry]
        assert again.parts.people.open(entry) is None


def test_a_wrong_passphrase_and_every_changed_member_are_refused(world: World) -> None:
    """One bit in any file of the backup, a file too many, a file too few: refused by name."""
    path, _ = make(world)
    with pytest.raises(IntegrityError, match="passphrase is wrong"):
        backup.verify(path, Sensitive(b"another passphrase altogether"))
    with tarfile.open(path) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}
    assert {"manifest.json", "keys.sealed", "guard.db", "audit/checkpoint"} <= members.keys()
    for name, data in members.items():
        changed = {**members, name: data[:-1] + bytes([data[-1] ^ 1])}
        with pytest.raises(IntegrityError):
            backup.verify(write(world.folder / "changed", changed), PASSPHRASE)
    with pytest.raises(IntegrityError, match=r"`audit/extra` does not belong"):
        backup.verify(write(world.folder / "changed", {**members, "audit/extra": b"x"}), PASSPHRASE)
    with pytest.raises(IntegrityError, match=r"`\.\./escape` does not belong"):
        backup.verify(write(world.folder / "changed", {**members, "../escape": b"x"}), PASSPHRASE)
    del members["guard.db"]
    with pytest.raises(IntegrityError, match=r"lacks `guard\.db`"):
        backup.verify(write(world.folder / "changed", members), PASSPHRASE)


def write(path: Path, members: dict[str, bytes]) -> Path:
    """A tar file of these members."""
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def test_cut_files_and_other_files_are_refused(world: World) -> None:
    """A backup cut short anywhere, or something that is no backup."""
    path, _ = make(world)
    data = path.read_bytes()
    for end in (0, 100, 512, 2_000, len(data) // 2, len(data) * 9 // 10):
        (world.folder / "cut").write_bytes(data[:end])
        with pytest.raises(GuardError):
            backup.verify(world.folder / "cut", PASSPHRASE)
    with pytest.raises(StoreError, match="cannot be read"):
        backup.verify(world.folder / "absent", PASSPHRASE)


def test_nothing_is_overwritten(world: World) -> None:
    """Neither a file by a backup nor a state by a restore; a short passphrase is refused."""
    path, _ = make(world)
    with pytest.raises(UsageError, match="exists"):
        make(world)
    with pytest.raises(UsageError, match="not empty"):
        backup.restore(path, world.folder / ".guard", PASSPHRASE)
    with pytest.raises(UsageError, match="fewer than"):
        backup.create(world.guard.parts, world.folder / "two", Sensitive(b"short"), created=TIME)
    left = [each.name for each in world.folder.iterdir() if each.name.startswith(".guard-backup")]
    assert left == []


def test_a_restore_that_trusts_the_archive_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded fault: without the look at the newer checkpoint the rolled-back backup would be restored."""
    path, _ = make(world)
    world.ask(SQL)
    newer = checkpoint.parse(world.guard.audit.checkpoint())
    verify_log = backup._verify_log
    monkeypatch.setattr(backup, "_verify_log", lambda folder, head, known: verify_log(folder, head, None))
    elsewhere(world, path, known=newer)
