"""Retention: what may go goes, on record; what stays proves itself as before."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from guard.audit import AuditLog, checkpoint, keys, proof, prune, reader, segment, verify
from guard.audit.prune import Pruned, Retention
from guard.errors import AuditError, IntegrityError, UsageError
from guard.model import Entry
from tests.audit.logs import SIGNER, entry

START = datetime(2025, 1, 1, tzinfo=UTC)
POLICY = Retention(days=180)


def record(body) -> Entry:
    """The entry that tells of a pruning."""
    return Entry(1, "config", "", "guard", body)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A log of two years: four entries a day, in many small segments."""
    monkeypatch.setattr(segment, "SEGMENT_SIZE", 8_000)
    days = iter(range(10_000))
    with AuditLog.open(tmp_path / "log", SIGNER, clock=lambda: START + timedelta(days=next(days))) as log:
        for day in range(730):
            log.extend([entry(day * 4 + at) for at in range(4)])
            if day % 50 == 0:
                log.publish()
    return tmp_path / "log"


def now() -> datetime:
    """The day after the log's last."""
    return START + timedelta(days=731)


def pruned(folder, policy: Retention = POLICY) -> Pruned:
    """Prunes by the policy."""
    with AuditLog.open(folder, SIGNER, clock=now) as log:
        return prune.prune(log, policy, record, now=now())


def test_only_what_is_old_enough_goes(folder):
    """Every entry of the last 180 days is there; the log verifies, opens, goes on and is pruned again."""
    done = pruned(folder)
    assert 0 < done.minimum <= (731 - 180) * 4
    assert done.minimum > 2_000
    assert done.bytes > 100_000
    assert [each.body["number"] for _, each in reader.entries(folder) if "number" in each.body] == list(
        range(done.minimum, 2_920)
    )
    report = verify(folder, SIGNER.public).require()
    assert report.size == 2_921
    again = pruned(folder)
    assert (again.minimum, again.entries, again.bytes) == (done.minimum, 0, 0)
    verify(folder, SIGNER.public).require()


def test_proofs_stay_valid_and_the_log_extends_what_was_kept(folder):
    """Proofs of entries that are gone, made before; of entries that stay, made after; checkpoints kept long ago."""
    old = proof.prove(folder, 7)
    kept = reader.published(folder)
    with AuditLog.open(folder.with_name("begun"), SIGNER, clock=lambda: START) as log:
        log.extend([entry(at) for at in range(4)])
        early = log.checkpoint  # the log when it was young: far before everything that is left
    done = pruned(folder)
    assert proof.verify(old, SIGNER.public)[0].body["number"] == 7
    for index in (done.minimum, 2_500, 2_920):
        proof.verify(proof.prove(folder, index), SIGNER.public)
    verify(folder, SIGNER.public, trusted=kept).require()
    verify(folder, SIGNER.public, trusted=early).require()
    forged = keys.sign(SIGNER, 4, b"r" * 32)
    assert verify(folder, SIGNER.public, trusted=forged).first_bad == 0
    with pytest.raises(AuditError, match="entry 7 was pruned under the log's retention policy"):
        proof.prove(folder, 7)


def test_the_policy_is_a_floor(folder):
    """Fewer than 180 days are refused, a hold refuses all, and a long policy removes nothing."""
    with pytest.raises(ValueError, match="at least 180 days"):
        Retention(days=179)
    with pytest.raises(UsageError, match="on hold"):
        pruned(folder, Retention(days=180, hold="court order 2026-1"))
    assert pruned(folder, Retention(days=3_650)) == Pruned(0, 0, 0)
    verify(folder, SIGNER.public).require()
    assert next(reader.entries(folder))[0] == 0


def test_a_beginning_that_nobody_pruned_is_bad(folder):
    """Segments removed by hand, with or without a file that says so: the log is bad, since no entry tells of it."""
    segments = reader.segments(folder)
    for _, path in segments[:3]:
        path.unlink()
    assert verify(folder, SIGNER.public).first_bad == 0
    (folder / reader.MINIMUM).write_text(f"{segments[3][0]}\n")
    report = verify(folder, SIGNER.public)
    assert report.first_bad == 0
    assert any("no entry says that they were pruned" in problem.what for problem in report.problems)


def test_more_than_was_pruned_is_bad(folder):
    """A minimum raised by hand, and one more segment removed: noticed."""
    done = pruned(folder)
    segments = reader.segments(folder)
    (folder / reader.MINIMUM).write_text(f"{segments[1][0]}\n")
    assert not verify(folder, SIGNER.public).ok
    segments[0][1].unlink()
    assert not verify(folder, SIGNER.public).ok
    (folder / reader.MINIMUM).write_text("x\n")
    with pytest.raises(IntegrityError, match="holds no index"):
        list(reader.entries(folder))
    assert done.minimum


def test_the_hashes_of_what_was_pruned_are_held(folder):
    """A tile of the pruned part that was changed, or is gone, is noticed."""
    pruned(folder)
    path = folder / "tile/0/003"
    data = path.read_bytes()
    path.write_bytes(data[:100] + bytes([data[100] ^ 1]) + data[101:])
    assert not verify(folder, SIGNER.public).ok
    path.unlink()
    assert not verify(folder, SIGNER.public).ok
    path.write_bytes(data)
    verify(folder, SIGNER.public).require()


def test_a_pruning_that_was_cut_off_is_finished(folder, monkeypatch):
    """After the record and before the removal: the log verifies, and the next pruning removes what is left."""
    with monkeypatch.context() as patch:
        patch.setattr(prune, "_remove", lambda *_: 0)
        first = pruned(folder)
    verify(folder, SIGNER.public).require()
    assert reader.segments(folder)[0][0] == 0
    assert pruned(folder).bytes > 100_000
    assert reader.segments(folder)[0][0] == first.minimum
    verify(folder, SIGNER.public).require()


def test_a_checkpoint_survives(folder):
    """The published checkpoint after a pruning parses and extends the one before."""
    before = reader.published(folder)
    pruned(folder)
    after = reader.published(folder)
    assert checkpoint.parse(checkpoint.text(after)).size == before.size + 1


def test_the_second_verifier_reads_a_pruned_log(folder):
    """The independent script holds the rest against the hashes of what went."""
    done = pruned(folder)
    script = Path(__file__).parents[2] / "examples" / "verify_log.py"
    command = [sys.executable, "-I", str(script), str(folder), str(SIGNER.public)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.stdout.startswith(f"ok: 2921 entries from {done.minimum} on, root ")
    path = folder / "tile/0/002"
    path.write_bytes(path.read_bytes()[::-1])
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
