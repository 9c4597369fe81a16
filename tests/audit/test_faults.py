"""Disks that fail and machines that lose power, at every single operation: nothing acknowledged is ever lost."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from guard.audit import AuditLog, background, segment, verify
from guard.errors import AuditError
from tests.audit.disks import FailingDisk
from tests.audit.logs import SIGNER, entry, numbers

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Segments and publishing so small that a short run passes through all of their operations."""
    monkeypatch.setattr(segment, "SEGMENT_SIZE", 2_000)
    monkeypatch.setattr(background, "PUBLISH_ENTRIES", 4)


def work(folder: Path, disk: FailingDisk, first: int) -> tuple[int, int]:
    """Logs until the disk fails or forty entries are in; how many were acknowledged, how many handed over."""
    acknowledged = handed = first
    try:
        log = AuditLog.open(folder, SIGNER, disk=disk)
    except AuditError:
        return acknowledged, handed
    try:
        for step in range(16):
            batch = [entry(handed + at) for at in range(1 + step % 4)]
            handed += len(batch)
            assert log.extend(batch).stop == handed
            acknowledged = handed
            if step % 5 == 4:
                log.publish()
    except AuditError:
        for _ in range(2):  # a broken log stays broken
            with pytest.raises(AuditError):
                log.append(entry(-1))
    log.close()
    return acknowledged, handed


def survives(folder: Path, acknowledged: int, handed: int) -> bool:
    """True when the log opens, holds all that was acknowledged in order and nothing foreign, verifies, and goes on."""
    with AuditLog.open(folder, SIGNER) as log:
        index = log.append(entry(log.size))
    logged = numbers(folder)
    verify(folder, SIGNER.public).require()
    return acknowledged <= index <= handed and logged == list(range(index + 1))


def operations(folder: Path) -> FailingDisk:
    """A disk on which the work ran without a fault."""
    disk = FailingDisk()
    assert work(folder, disk, 0) == (40, 40)
    return disk


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("power", [False, True], ids=["io-error", "power-loss"])
def test_a_fault_at_each_operation(tmp_path, after, power):
    """Each operation fails before or after it took effect; then the log is opened again, or the machine lost power."""
    count = operations(tmp_path / "clean").operations
    assert count > 100
    for at in range(count):
        folder = tmp_path / str(at)
        disk = FailingDisk(at, after=after)
        acknowledged, handed = work(folder, disk, 0)
        if power:
            disk.lose_power()
        assert survives(folder, acknowledged, handed), (at, disk.names[at])
        shutil.rmtree(folder)


def test_a_fault_while_a_log_is_recovered(tmp_path):
    """A second fault, at each operation of opening a log that lost power: still nothing is lost."""
    torn = tmp_path / "torn"
    disk = FailingDisk(60)
    acknowledged, handed = work(torn, disk, 0)
    disk.lose_power()
    for at in range(25):
        folder = tmp_path / str(at)
        shutil.copytree(torn, folder)
        second = FailingDisk(at)
        fill(folder, second)
        second.lose_power()
        with AuditLog.open(folder, SIGNER) as log:
            assert log.size >= acknowledged
        verify(folder, SIGNER.public).require()
    assert handed >= acknowledged > 0


def fill(folder: Path, disk: FailingDisk) -> int:
    """Logs one by one until the disk fails; how many entries were acknowledged."""
    acknowledged = 0
    try:
        with AuditLog.open(folder, SIGNER, disk=disk) as log:
            while True:
                acknowledged = log.append(entry(log.size)) + 1
    except AuditError:
        return acknowledged


def test_every_kind_of_operation_was_failed(tmp_path):
    """The runs above pass through each operation of the port."""
    names = set(operations(tmp_path / "clean").names)
    assert names == {"reopen", "allocate", "write", "sync", "truncate", "put", "sync_folder", "overwrite"}


def test_forgetting_to_sync_is_noticed(tmp_path):
    """Seeded fault: a log that acknowledges before the data is durable loses entries in this harness."""
    disk = FailingDisk(forgets_sync=True)
    acknowledged, handed = work(tmp_path, disk, 0)
    disk.lose_power()
    assert acknowledged == 40
    with pytest.raises(AuditError):
        survives(tmp_path, acknowledged, handed)


def test_acknowledging_before_the_sync_is_noticed(tmp_path, monkeypatch):
    """Seeded fault: a segment that answers first and syncs later loses entries in this harness."""
    monkeypatch.setattr(segment.Segment, "commit", commit_late)
    lost = 0
    for at in range(20, 60):
        folder = tmp_path / str(at)
        disk = FailingDisk(at)
        acknowledged, handed = work(folder, disk, 0)
        disk.lose_power()
        try:
            lost += not survives(folder, acknowledged, handed)
        except AuditError:
            lost += 1
    assert lost > 0


def commit_late(self, batch):
    """Syncs what the call before wrote."""
    from guard.audit import journal

    self._disk.sync(self._fd)
    record = journal.batch_record(batch)
    self._disk.write(self._fd, record, self._size)
    self._size += len(record)


def test_a_full_disk_is_named(tmp_path):
    """ENOSPC reaches the caller as such, with the cure; the log takes nothing more until it is opened again."""
    clean = operations(tmp_path / "clean")
    at = [number for number, name in enumerate(clean.names) if name == "write"][5]
    acknowledged_to: list[int] = []
    with AuditLog.open(tmp_path / "log", SIGNER, disk=FailingDisk(at, code=errno.ENOSPC)) as log:
        calls = (log.append(entry(number)) for number in range(1_000))
        with pytest.raises(AuditError, match="cannot be written: No space left on device") as caught:
            acknowledged_to.extend(calls)
        with pytest.raises(AuditError, match="No space left"):
            log.begin(entry(0))
    assert caught.value.help == "nothing acknowledged is lost; make room or repair the disk, then open the log again"
    count = len(acknowledged_to)
    assert survives(tmp_path / "log", count, count + 1)


def test_a_real_file_size_limit(tmp_path):
    """The operating system refuses to write on: every entry that another process acknowledged before is there."""
    script = """
        import resource, signal, sys
        from pathlib import Path
        from guard.audit import AuditLog
        from guard.errors import AuditError
        from tests.audit.logs import SIGNER, entry
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        log = AuditLog.open(Path(sys.argv[1]), SIGNER)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        count = 0
        try:
            while True:
                count = log.append(entry(count)) + 1
        except AuditError as error:
            print(count, error.message)
        log.close()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "log")],
        capture_output=True, text=True, check=True, cwd=ROOT, timeout=60,
    )  # fmt: skip
    count, message = done.stdout.split(" ", 1)
    assert message == "audit log cannot be written: File too large\n"
    assert int(count) > 50
    assert survives(tmp_path / "log", int(count), int(count) + 1)
