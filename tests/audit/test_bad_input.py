"""Everything that can be wrong with what reaches the log: each refused with its name, and the log goes on."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from guard.audit import AuditLog, proof, reader, timestamp, verify
from guard.audit.entry import MAX_ENTRY
from guard.audit.times import require_in_order
from guard.errors import AuditError, IntegrityError
from guard.model import Entry
from tests.audit.logs import OTHER, SIGNER, build, entry, numbers

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def goes_on(folder) -> None:
    """The log takes another entry, holds all of them in order, and verifies."""
    with AuditLog.open(folder, SIGNER, clock=lambda: START + timedelta(days=1)) as log:
        log.append(entry(log.size))
    assert numbers(folder) == list(range(len(numbers(folder))))
    verify(folder, SIGNER.public).require()


@pytest.fixture
def folder(tmp_path):
    """A log of 300 entries."""
    build(tmp_path / "log", [300])
    return tmp_path / "log"


def test_an_entry_over_the_limit(folder):
    """Named by its kind and size; the entries before and after it are logged."""
    with AuditLog.open(folder, SIGNER) as log:
        with pytest.raises(AuditError, match=f"`decision` has [0-9]+ bytes, the limit is {MAX_ENTRY}"):
            log.append(Entry(1, "decision", "", "s-0", {"text": "x" * MAX_ENTRY}))
        assert log.size == 300
    goes_on(folder)


def test_a_clock_that_runs_backwards(tmp_path):
    """Its time is refused by name: told once for each turn back, counted, kept in `claimed`; the entry is logged."""
    back = START - timedelta(days=30)
    times = iter([START, back, back + timedelta(seconds=9), START + timedelta(seconds=1), back])
    told = []
    with AuditLog.open(tmp_path / "log", SIGNER, clock=lambda: next(times)) as log:
        log.tell_refused_times(told.append)
        assert [log.append(entry(number)) for number in range(5)] == list(range(5))
        assert log.refused_times == 3
    found = [(each.time[:19], each.claimed[:19]) for _, each in reader.entries(tmp_path / "log")]
    assert found == [
        ("2026-01-31T09:30:00", ""),
        ("2026-01-31T09:30:00", "2026-01-01T09:30:00"),
        ("2026-01-31T09:30:00", "2026-01-01T09:30:09"),
        ("2026-01-31T09:30:01", ""),
        ("2026-01-31T09:30:01", "2026-01-01T09:30:00"),
    ]
    assert [(each.claimed[:10], each.latest[17:19]) for each in told] == [("2026-01-01", "00"), ("2026-01-01", "01")]
    report = verify(tmp_path / "log", SIGNER.public).require()
    assert (report.refused_times, report.first_refused) == (3, 1)
    with pytest.raises(AuditError, match="clock_runs_backwards: the clock says"):
        require_in_order(timestamp(back), found[0][0] + ".000000Z")
    goes_on(tmp_path / "log")


def test_two_writers(folder):
    """The second is told who holds the log; the first does not notice."""
    with AuditLog.open(folder, SIGNER) as log:
        with pytest.raises(AuditError, match="is open for writing in process"):
            AuditLog.open(folder, SIGNER)
        log.append(entry(300))
    goes_on(folder)


def test_a_log_of_another_key(folder):
    """Neither opened nor verified with it, and nothing is changed on disk."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "lock"}
    with pytest.raises(IntegrityError, match="is not signed by `example.org/log` with key"):  # noqa: RUF043 - the dot is any
        AuditLog.open(folder, OTHER)
    assert verify(folder, OTHER.public).first_bad == 0
    assert {path: path.read_bytes() for path in before} == before
    goes_on(folder)


def test_a_checkpoint_of_a_smaller_tree(folder, tmp_path):
    """The log set back to an older copy: refused when opened, named when verified; the newer copy goes on."""
    shutil.copytree(folder, tmp_path / "newer")
    build(tmp_path / "newer", [5])
    shutil.copy(tmp_path / "newer" / "seen", folder / "seen")
    with pytest.raises(IntegrityError, match="was set back: it ends before entry 300, but 305 entries"):
        AuditLog.open(folder, SIGNER)
    assert verify(folder, SIGNER.public).first_bad == 300
    goes_on(tmp_path / "newer")


def test_a_truncated_tile(folder):
    """Named by its path and first entry; opening the log for writing builds it again."""
    path = folder / "tile/0/000"
    path.write_bytes(path.read_bytes()[:1_000])
    with pytest.raises(IntegrityError, match=r"`tile/0/000` differs from the journal's entries"):
        verify(folder, SIGNER.public).require()
    with pytest.raises(IntegrityError, match="tile `tile/0/000` holds 1000 bytes instead of 256 hashes"):
        proof.prove(folder, 3)
    goes_on(folder)


def test_a_bundle_with_one_bit_changed(folder):
    """Every single bit of a proof matters."""
    good = proof.text(proof.prove(folder, 7)).encode()
    for at in range(len(good)):
        changed = good[:at] + bytes([good[at] ^ 1 << (at % 7)]) + good[at + 1 :]
        with pytest.raises(IntegrityError):
            proof.verify(proof.parse(changed.decode("utf-8", "replace")), SIGNER.public)
    goes_on(folder)
