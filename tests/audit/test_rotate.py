"""Changing the log's key: verifiers with the old key and with the new one both follow, and nobody else gets in."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest

from guard.audit import AuditLog, checkpoint, keys, proof, reader, rotate, tile, verify
from guard.audit import entry as canonical
from guard.audit.keys import BothSigners, PublicKeys
from guard.audit.shared import mirror, open_shared
from guard.audit.tree import Frontier, leaf_hash
from guard.errors import AuditError, IntegrityError, KeyUnavailableError
from guard.model import Entry, Sensitive
from tests.audit.logs import OTHER, SIGNER, entry

THIRD = keys.Ed25519Signer("example.org/log", Sensitive(b"3" * 32))


def record(body) -> Entry:
    """The entry of a step."""
    return Entry(1, "key", "", "guard", body)


@pytest.fixture
def log(tmp_path):
    """A log, its key in a folder, and some entries."""
    first = keys.create(tmp_path / "keys" / rotate.KEY_FILE, "example.org/log")
    more(tmp_path)
    return first.public


def opens(folder):
    """Opens the log in a folder under given keys."""
    return lambda signer: AuditLog.open(folder / "log", signer)


def more(folder) -> None:
    """Three commits by whoever may sign now."""
    with AuditLog.open(folder / "log", rotate.signer(folder / "keys")) as log:
        for _ in range(3):
            log.extend([entry(log.size), entry(log.size + 1)])


def test_old_and_new_key_verify_the_whole_log(tmp_path, log):
    """Before, during and after the change, whoever has any key of the log reads all of it."""
    new = rotate.begin(tmp_path / "keys", opens(tmp_path), record)
    assert keys.load(tmp_path / "keys" / rotate.KEY_FILE).public == new != log
    more(tmp_path)
    for public in (log, new, PublicKeys((new, log))):
        verify(tmp_path / "log", public).require()
    assert rotate.retire(tmp_path / "keys", opens(tmp_path), record) == new
    more(tmp_path)
    for public in (log, new):
        assert verify(tmp_path / "log", public).require().size == 20
    assert not (tmp_path / "keys" / rotate.OLD_FILE).exists()


def test_three_keys_in_a_row(tmp_path, log):
    """The second of three keys verifies what came before it and what came after."""
    found = [log]
    for _ in range(2):
        found.append(rotate.begin(tmp_path / "keys", opens(tmp_path), record))
        more(tmp_path)
        rotate.retire(tmp_path / "keys", opens(tmp_path), record)
        more(tmp_path)
    for public in found:
        verify(tmp_path / "log", public).require()
    assert verify(tmp_path / "log", OTHER.public).first_bad == 0


def test_proofs_of_the_overlap_verify_with_either_key(tmp_path, log):
    """Two signatures on one checkpoint: verifiers may change over one by one."""
    new = rotate.begin(tmp_path / "keys", opens(tmp_path), record)
    for public in (log, new):
        assert proof.verify(proof.prove(tmp_path / "log", 2), public)[0].body["number"] == 2


def test_the_retired_key_signs_nothing_any_more(tmp_path, log):
    """A thief of the old key cannot go on with the log: it is bad from the first entry that the old key signed."""
    thief = keys.load(tmp_path / "keys" / rotate.KEY_FILE)
    new = rotate.begin(tmp_path / "keys", opens(tmp_path), record)
    rotate.retire(tmp_path / "keys", opens(tmp_path), record)
    more(tmp_path)
    with pytest.raises(IntegrityError, match="not signed by"):
        AuditLog.open(tmp_path / "log", thief)
    with AuditLog.open(tmp_path / "log", BothSigners(keys.load(tmp_path / "keys" / rotate.KEY_FILE), thief)) as both:
        size = both.size
        both.append(entry(size))
    verify(tmp_path / "log", new).require()  # the new key signed too
    append_by(tmp_path, thief, new)
    report = verify(tmp_path / "log", new)
    assert report.first_bad == size + 1


def append_by(folder, signer, new) -> None:
    """Adds a commit with a right tree and only this signer's signature."""
    from guard.audit import journal, reader, tile
    from guard.audit.tree import Frontier, leaf_hash

    path = reader.segments(folder / "log")[-1][1]
    entries = [data for batch in reader.batches(folder / "log") for data in batch.entries()]
    added = entries[-1]
    frontier = Frontier().extend(map(leaf_hash, [*entries, added]))
    head = keys.sign(signer, frontier.size, frontier.root)
    batch = journal.Batch(len(entries), 1, tile.pack_bundle([added]), head)
    path.write_bytes(path.read_bytes() + journal.batch_record(batch))


def test_a_stranger_cannot_name_keys(tmp_path, log):
    """An entry that names a new key counts only under a signature of the old one."""
    with AuditLog.open(tmp_path / "forged", OTHER) as forged:
        forged.extend([entry(0), record({"was": [str(log)], "keys": [str(log), str(OTHER.public)]}), entry(2)])
        forged.append(entry(3))
    assert verify(tmp_path / "forged", log).first_bad == 0
    with AuditLog.open(tmp_path / "claimed", OTHER) as claimed:
        claimed.append(record({"was": [str(OTHER.public)], "keys": [str(OTHER.public), str(log)]}))
        claimed.append(entry(1))
    report = verify(tmp_path / "claimed", log)
    assert report.first_bad == 0
    assert "no checkpoint of the log is signed by" in report.problems[0].what


def test_an_entry_about_keys_is_understood_or_the_log_is_bad(tmp_path, log):
    """Nothing is guessed: keys of another log, or no keys at all, make the log bad from that commit."""
    signer = rotate.signer(tmp_path / "keys")
    with AuditLog.open(tmp_path / "log", signer) as opened:
        size = opened.size
        opened.append(record({"was": [str(log)], "keys": ["nonsense"]}))
        opened.append(entry(0))
    report = verify(tmp_path / "log", log)
    assert size <= report.first_bad <= size + 1
    assert any("not understood" in problem.what for problem in report.problems)


def test_a_change_that_was_cut_off_is_taken_up_again(tmp_path, log, monkeypatch):
    """After the entry and before the files: the next try uses the same new key, and the log verifies with both."""
    with monkeypatch.context() as patch:
        patch.setattr(rotate.os, "link", raise_oserror)
        with pytest.raises(OSError, match="cut off"):
            rotate.begin(tmp_path / "keys", opens(tmp_path), record)
    more(tmp_path)  # still the old key alone
    waiting = keys.load(tmp_path / "keys" / rotate.NEXT_FILE).public
    assert rotate.begin(tmp_path / "keys", opens(tmp_path), record) == waiting
    more(tmp_path)
    for public in (log, waiting):
        verify(tmp_path / "log", public).require()


def raise_oserror(*_):
    """A crash."""
    raise OSError("cut off")


def test_steps_out_of_order_are_refused(tmp_path, log):
    """No second change within a change, no retirement without one, no change while another process writes."""
    with pytest.raises(KeyUnavailableError, match="no old key"):
        rotate.retire(tmp_path / "keys", opens(tmp_path), record)
    with (
        AuditLog.open(tmp_path / "log", rotate.signer(tmp_path / "keys")),
        pytest.raises(AuditError, match="open for writing"),
    ):
        rotate.begin(tmp_path / "keys", opens(tmp_path), record)
    rotate.begin(tmp_path / "keys", opens(tmp_path), record)
    with pytest.raises(KeyUnavailableError, match="already"):
        rotate.begin(tmp_path / "keys", opens(tmp_path), record)
    with pytest.raises(ValueError, match="bear its name"):
        PublicKeys((SIGNER.public, keys.Ed25519Signer("another/log", Sensitive(b"4" * 32)).public))


def test_a_verifier_that_believes_any_key_is_noticed(tmp_path, log, monkeypatch):
    """Seeded fault: without the check of the keys of the time, the thief's commit would pass."""
    from guard.audit import key_history

    thief = keys.load(tmp_path / "keys" / rotate.KEY_FILE)
    new = rotate.begin(tmp_path / "keys", opens(tmp_path), record)
    rotate.retire(tmp_path / "keys", opens(tmp_path), record)
    append_by(tmp_path, thief, new)
    assert not verify(tmp_path / "log", new).ok
    monkeypatch.setattr(key_history.KeyHistory, "check", lambda self, index, head: setattr(self, "_anchored", True))
    assert verify(tmp_path / "log", new).ok


@pytest.mark.postgres
def test_a_shared_log_changes_its_key_while_machines_take_turns(tmp_path, postgres):
    """The other machine signs with the old key until it has the new one; whoever holds either verifies it all."""
    url = Sensitive(postgres.create_database())
    here, there = tmp_path / "here", tmp_path / "there"
    old = keys.create(here / "keys" / rotate.KEY_FILE, "example.org/log").public
    shutil.copytree(here / "keys", there / "keys")

    def log_of(machine):
        return lambda signer: open_shared(url, machine / "log", signer)

    def write(machine) -> None:
        with log_of(machine)(rotate.signer(machine / "keys")) as log:
            log.extend([entry(log.size), entry(log.size + 1)])

    write(here)
    write(there)
    new = rotate.begin(here / "keys", log_of(here), record)
    write(here)
    write(there)  # with the old key alone
    shutil.copytree(here / "keys", there / "keys", dirs_exist_ok=True)
    write(there)
    assert rotate.retire(here / "keys", log_of(here), record) == new
    (there / "keys" / rotate.OLD_FILE).unlink()
    write(there)
    write(here)
    for machine in (here, there):
        assert verify(machine / "log", old).ok == verify(machine / "log", new).ok is True


class Shared:
    """A log in PostgreSQL that one machine wrote under three keys, in turn."""

    def __init__(self, url: Sensitive[str], folder: Path) -> None:
        self.url, self.folder = url, folder
        self.keys = [keys.create(folder / "keys" / rotate.KEY_FILE, "example.org/log").public]
        self.thief = keys.load(folder / "keys" / rotate.KEY_FILE)
        self.write()
        for _ in range(2):
            self.turn()

    def turn(self) -> None:
        """Changes the key, writes while both sign, retires the old one, and writes."""
        self.keys.append(rotate.begin(self.folder / "keys", self.open, record))
        self.write()
        rotate.retire(self.folder / "keys", self.open, record)
        self.write()

    def open(self, signer) -> AuditLog:
        return open_shared(self.url, self.folder / "log", signer)

    def write(self) -> None:
        with self.open(rotate.signer(self.folder / "keys")) as log:
            log.extend([entry(log.size), entry(log.size + 1)])


@pytest.fixture
def shared(tmp_path, postgres) -> Shared:
    return Shared(Sensitive(postgres.create_database()), tmp_path / "first")


@pytest.mark.postgres
def test_a_machine_that_joins_after_changes_of_the_key(tmp_path, shared):
    """With the key of now, and no copy of anybody's folder, it follows, writes, starts again, and verifies the log."""
    new = tmp_path / "new"
    shutil.copytree(shared.folder / "keys", new / "keys")
    for _ in range(2):
        with open_shared(shared.url, new / "log", rotate.signer(new / "keys")) as log:
            log.append(entry(log.size))
            assert log.verify().ok
    shared.write()
    for public in shared.keys:  # whichever key an auditor pinned, the first as well
        folder = tmp_path / public.key_id.hex()
        assert mirror(shared.url, folder, public) == verify(folder, public).require().size == 18
    shared.write()
    for public in shared.keys:
        assert mirror(shared.url, tmp_path / public.key_id.hex(), public) == 20
    with psycopg.connect(shared.url.reveal(), autocommit=True) as other:
        other.execute("DELETE FROM guard_audit_commit WHERE size > 18")
    for public in shared.keys:
        with pytest.raises(IntegrityError, match="was set back"):
            mirror(shared.url, tmp_path / public.key_id.hex(), public)


@pytest.mark.postgres
def test_a_copy_that_slept_through_changes_of_the_key(tmp_path, shared):
    """It ends under a key that is long retired; with that key, and with the newest, it goes on from where it is."""
    copies = [tmp_path / "by the old key", tmp_path / "by the new one"]
    sizes = {mirror(shared.url, folder, shared.keys[0]) for folder in copies}
    shared.turn()
    for folder, public in zip(copies, (shared.keys[0], shared.keys[-1]), strict=True):
        assert (sizes, mirror(shared.url, folder, public)) == ({14}, 20)
        assert verify(folder, shared.keys[1]).ok


@pytest.mark.postgres
def test_nobody_joins_by_another_chain(tmp_path, shared):
    """A stranger's key, a thief with a retired key, an edited change of keys: refused before anything is written."""

    def refused(public, cause, name="late") -> None:
        with pytest.raises(IntegrityError, match=cause):
            mirror(shared.url, tmp_path / name, public)
        assert reader.segments(tmp_path / name) == []

    refused(OTHER.public, "no checkpoint of the log is signed by")
    with pytest.raises(IntegrityError, match="no checkpoint of the log is signed by"):
        open_shared(shared.url, tmp_path / "late", OTHER)
    mirror(shared.url, tmp_path / "copy", shared.keys[0])
    with psycopg.connect(shared.url.reveal(), autocommit=True) as other:
        packed, size = tile.pack_bundle([canonical.encode(entry(1, time="2026-12-31T00:00:00.000000Z"))]), 15
        rows = other.execute("SELECT packed FROM guard_audit_commit ORDER BY first").fetchall()
        tree = Frontier().extend(leaf_hash(data) for row in [*rows, (packed,)] for data in tile.unpack_bundle(row[0]))
        assert tree.size == size
        note = checkpoint.text(keys.sign(shared.thief, size, tree.root))
        add = "INSERT INTO guard_audit_commit VALUES (%s, %s, %s, %s, %s)"
        other.execute(add, ("example.org/log", size - 1, size, packed, note))
        for public in shared.keys:
            refused(public, "is not signed by")
            with pytest.raises(IntegrityError, match="is not signed by"):
                mirror(shared.url, tmp_path / "copy", public)
            assert verify(tmp_path / "copy", public).ok
        other.execute("DELETE FROM guard_audit_commit WHERE size = %s", (size,))
        other.execute(
            "UPDATE guard_audit_commit SET packed = replace(encode(packed, 'escape'), %s, %s)::bytea",
            (str(shared.keys[1])[-20:], str(OTHER.public)[-20:]),
        )
    for public in shared.keys:
        refused(public, "do not hash to their checkpoint")
