"""The log itself: order, durability of what is acknowledged, one writer, time, and recovery."""

from __future__ import annotations

import os
import shutil
import threading
from datetime import UTC, datetime, timedelta

import pytest

from guard.audit import AuditLog, checkpoint, keys, reader, seen, segment, verify, writer
from guard.errors import AuditError, IntegrityError
from guard.model import Entry, Sensitive
from tests.audit.logs import OTHER, SIGNER, build, entry, numbers


def test_entries_come_back_in_order(tmp_path):
    """append, begin and extend give consecutive indices, and the log reads back in that order."""
    with AuditLog.open(tmp_path, SIGNER) as log:
        assert log.append(entry(0)) == 0
        assert log.extend([entry(1), entry(2)]) == range(1, 3)
        assert log.extend([]) == range(3, 3)
        tickets = [log.begin(entry(number)) for number in range(3, 10)]
        for _ in range(2):  # asked again, a ticket says the same
            assert [ticket.wait() for ticket in tickets] == list(range(3, 10))
        assert (log.size, log.checkpoint.size) == (10, 10)
        assert [each.body["number"] for _, each in log.entries(2, 5)] == [2, 3, 4]
    assert numbers(tmp_path) == list(range(10))
    assert verify(tmp_path, SIGNER.public).require().size == 10


def test_reopening_goes_on(tmp_path):
    """Sizes around tiles and bundles: each reopened log continues where it stood, and verifies."""
    size = 0
    for count in (0, 1, 254, 1, 1, 255, 256, 3):
        with AuditLog.open(tmp_path, SIGNER) as log:
            assert log.size == size
            log.extend([entry(size + at) for at in range(count)])
        size += count
        assert verify(tmp_path, SIGNER.public).require().size == size
    assert numbers(tmp_path) == list(range(size))


def test_the_layout_is_tlog_tiles(tmp_path):
    """The names of the specification's example, at a smaller size: full and partial tiles, levels, bundles."""
    build(tmp_path, [300])
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert names == {
        "checkpoint",
        "lock",
        "seen",
        "journal/00000000000000000000.journal",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/44",
    }
    assert (tmp_path / "tile/0/000").stat().st_size == 8192
    assert reader.published(tmp_path).size == 300


def test_sixty_four_callers(tmp_path):
    """Concurrent callers each get their own index, no entry is lost or doubled."""
    got: dict[int, int] = {}

    def caller(first: int) -> None:
        for number in range(first, first + 20):
            got[number] = log.append(entry(number))

    with AuditLog.open(tmp_path, SIGNER) as log:
        threads = [threading.Thread(target=caller, args=(20 * at,)) for at in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    logged = numbers(tmp_path)
    assert sorted(got.values()) == list(range(1280))
    assert {number: logged[index] for number, index in got.items()} == {number: number for number in got}
    assert verify(tmp_path, SIGNER.public).require().size == 1280


def test_back_pressure_loses_nothing(tmp_path, monkeypatch):
    """With a queue of ten, hundreds of submissions wait for room and all arrive."""
    monkeypatch.setattr(writer, "MAX_WAITING", 10)
    with AuditLog.open(tmp_path, SIGNER) as log:
        tickets = [log.begin(entry(number)) for number in range(500)]
        assert [ticket.wait() for ticket in tickets] == list(range(500))
    assert numbers(tmp_path) == list(range(500))


def test_segments_rotate(tmp_path, monkeypatch):
    """Small segments: the log goes on over many files, reopens from the last, and verifies as a whole."""
    monkeypatch.setattr(segment, "SEGMENT_SIZE", 4_000)
    build(tmp_path, [5] * 60)
    build(tmp_path, [1] * 40)
    assert len(reader.segments(tmp_path)) > 10
    assert numbers(tmp_path) == list(range(340))
    assert verify(tmp_path, SIGNER.public).require().size == 340


def test_two_writers(tmp_path):
    """The second writer is refused and told who holds the log; the first goes on; after it the next may."""
    with AuditLog.open(tmp_path, SIGNER) as log:
        with pytest.raises(AuditError, match=f"is open for writing in process {os.getpid()}"):
            AuditLog.open(tmp_path, SIGNER)
        assert log.append(entry(0)) == 0
    with AuditLog.open(tmp_path, SIGNER) as log:
        assert log.append(entry(1)) == 1


def test_another_key(tmp_path):
    """A log that another key signed is not continued, even under the same name."""
    build(tmp_path, [3])
    with pytest.raises(IntegrityError, match=r"not signed by `example\.org/log`"):
        AuditLog.open(tmp_path, OTHER)
    renamed = keys.Ed25519Signer("example.org/renamed", Sensitive(b"1" * 32))
    with pytest.raises(IntegrityError, match=r"not signed by `example\.org/renamed`"):
        AuditLog.open(tmp_path, renamed)
    assert build(tmp_path, [1]) == 4


def test_closed_log_refuses(tmp_path):
    """After close every call says so; closing twice is fine."""
    log = AuditLog.open(tmp_path, SIGNER)
    log.append(entry(0))
    log.close()
    log.close()
    for call in (lambda: log.append(entry(1)), lambda: log.begin(entry(1)), lambda: log.extend([entry(1)])):
        with pytest.raises(AuditError, match="closed"):
            call()


def test_a_forked_child_is_refused(tmp_path):
    """A child process has no writer thread: it is told so instead of waiting for ever."""
    with AuditLog.open(tmp_path, SIGNER) as log:
        log._pid += 1
        with pytest.raises(AuditError, match="opened by another process"):
            log.append(entry(0))


def test_bad_entries_are_refused_and_the_log_goes_on(tmp_path):
    """Too large, no canonical form, a wrong or future time, too many at once: nothing is logged of that call."""
    far = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="microseconds")[:26] + "Z"
    bad = [
        Entry(1, "query", "", "a", {"x": "y" * 70_000}),
        Entry(1, "query", "", "a", {"x": 1.5}),
        Entry(1, "query", "2026-01-31T09:30:00Z", "a", {}),
        Entry(1, "query", far, "a", {}),
        Entry(1, "query", "", "a", {}, claimed="2026-01-31T09:30:00.000000Z"),
    ]
    with AuditLog.open(tmp_path, SIGNER) as log:
        for each in bad[:4]:
            with pytest.raises(AuditError):
                log.extend([entry(0), each])
        with pytest.raises(AuditError, match="too many for one commit"):
            log.extend([entry(0)] * (writer.MAX_BATCH + 1))
        assert log.append(entry(0)) == 0
    assert numbers(tmp_path) == [0]


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_a_clock_that_runs_backwards_shows(tmp_path):
    """Times in the log never decrease; who was behind by more than a second is recorded with the time it claimed."""
    clock = Clock()
    with AuditLog.open(tmp_path, SIGNER, clock=clock) as log:
        log.append(entry(0))
        clock.now -= timedelta(milliseconds=300)
        log.append(entry(1))
        clock.now -= timedelta(hours=1)
        log.append(entry(2))
    with AuditLog.open(tmp_path, SIGNER, clock=clock) as log:  # remembered over a restart
        log.append(entry(3))
        clock.now += timedelta(hours=2)
        log.append(entry(4))
    top, back = "2026-01-31T09:30:00.000000Z", "2026-01-31T08:29:59.700000Z"
    times = [(each.time, each.claimed) for _, each in reader.entries(tmp_path)]
    assert times == [(top, ""), (top, ""), (top, back), (top, back), ("2026-01-31T10:29:59.700000Z", "")]


def test_a_caller_s_own_time_is_kept(tmp_path):
    """An entry that brings its time keeps it, in order; one that comes late is lifted and noted."""
    clock = Clock()
    first, second = "2026-01-31T09:29:00.000000Z", "2026-01-31T09:28:00.000000Z"
    with AuditLog.open(tmp_path, SIGNER, clock=clock) as log:
        log.extend([entry(0, time=first), entry(1, time=second)])
        clock.now -= timedelta(days=1)
        with pytest.raises(AuditError, match="ahead of the log's clock"):
            log.append(entry(2, time=first))
    times = [(each.time, each.claimed) for _, each in reader.entries(tmp_path)]
    assert times == [(first, ""), (first, second)]


def test_missing_tiles_and_bundles_are_rebuilt(tmp_path):
    """Whatever of the published files is gone or cut short, opening writes it again from the journal."""
    build(tmp_path, [300, 220, 1])
    victims = sorted(path for path in (tmp_path / "tile").rglob("*") if path.is_file())
    before = {path: path.read_bytes() for path in victims}
    for victim in victims:
        for damage in (victim.unlink, lambda victim=victim: victim.write_bytes(b"")):
            damage()
            AuditLog.open(tmp_path, SIGNER).close()
            assert {path: path.read_bytes() for path in victims} == before
    shutil.rmtree(tmp_path / "tile")
    (tmp_path / "checkpoint").unlink()
    assert build(tmp_path, [1]) == 522
    assert verify(tmp_path, SIGNER.public).require().size == 522


def test_a_torn_tail_is_cut(tmp_path):
    """Whatever a crash leaves behind the last whole record was never acknowledged, and goes."""
    build(tmp_path, [3])
    path = reader.segments(tmp_path)[-1][1]
    whole = path.read_bytes()
    tails = [b"gdj1", b"\x00" * 500, whole[-300:-1], b"gdj1\x02\x00\x00\x00\x10\x00\x00\x00\x00" + b"x" * 16]
    for tail in tails:
        path.write_bytes(whole + tail)
        assert verify(tmp_path, SIGNER.public).ok  # a tail that nobody was told of is no damage
        AuditLog.open(tmp_path, SIGNER).close()
        assert path.read_bytes() == whole


def test_a_break_before_the_end_is_no_torn_tail(tmp_path):
    """A broken record with whole ones behind it is damage: nothing is cut, and the entry is named."""
    build(tmp_path, [1] * 5)
    path = reader.segments(tmp_path)[-1][1]
    data = bytearray(path.read_bytes())
    data[data.index(b'"number":2')] ^= 1
    path.write_bytes(data)
    (tmp_path / "seen").unlink()
    with pytest.raises(IntegrityError, match="broken at entry 2, and whole records stand behind it"):
        AuditLog.open(tmp_path, SIGNER)
    assert path.read_bytes() == data


def test_rollback_is_refused(tmp_path):
    """An older copy of the journal, with or without its tiles, is refused by the number of entries it lacks."""
    build(tmp_path, [4])
    older = tmp_path.with_name("older")
    shutil.copytree(tmp_path, older)
    build(tmp_path, [3])
    for kept in (["seen"], ["seen", "checkpoint"], ["checkpoint"]):
        folder = tmp_path.with_name("-".join(kept))
        shutil.copytree(older, folder)
        for name in kept:
            shutil.copy(tmp_path / name, folder / name)
        with pytest.raises(IntegrityError, match="it ends before entry 4, but 7 entries were acknowledged"):
            AuditLog.open(folder, SIGNER)
        report = verify(folder, SIGNER.public)
        assert report.first_bad == 4


def test_an_emptied_journal_is_refused(tmp_path):
    """Removing the journal does not make a new log while anything remembers the old one."""
    build(tmp_path, [4])
    shutil.rmtree(tmp_path / "journal")
    with pytest.raises(IntegrityError, match="it ends before entry 0, but 4 entries were acknowledged"):
        AuditLog.open(tmp_path, SIGNER)


def test_the_seen_file_is_needed(tmp_path):
    """Without it, or with it spoilt, a set-back log would go unnoticed: refused."""
    build(tmp_path, [4])
    path = tmp_path / seen.NAME
    data = path.read_bytes()
    path.write_bytes(b"x" * len(data))
    with pytest.raises(IntegrityError, match="`seen` holds no checkpoint"):
        AuditLog.open(tmp_path, SIGNER)
    path.unlink()
    with pytest.raises(IntegrityError, match="`seen` is missing"):
        AuditLog.open(tmp_path, SIGNER)
    path.write_bytes(b"x" * seen.SLOT + data[: seen.SLOT])  # one torn slot is survived
    assert build(tmp_path, [1]) == 5


def test_seen_may_live_elsewhere(tmp_path):
    """Kept apart, it catches one who sets back the whole folder."""
    folder, apart = tmp_path / "log", tmp_path / "other-disk"
    apart.mkdir()
    for size in (1, 2):
        with AuditLog.open(folder, SIGNER, seen_path=apart / "seen") as log:
            log.append(entry(size))
        if size == 1:
            shutil.copytree(folder, tmp_path / "older")
    with pytest.raises(IntegrityError, match="set back"):
        AuditLog.open(tmp_path / "older", SIGNER, seen_path=apart / "seen")


def test_a_fork_is_refused(tmp_path):
    """Another history of the same length, signed by the same key: the two do not mix."""
    mine, other = tmp_path / "mine", tmp_path / "other"
    build(mine, [4])
    with AuditLog.open(other, SIGNER) as log:
        log.extend([entry(number) for number in (9, 8, 7, 6)])
    shutil.copy(other / "seen", mine / "seen")
    with pytest.raises(IntegrityError, match="forked: it holds another history of its first 4 entries"):
        AuditLog.open(mine, SIGNER)


def test_checkpoints_of_one_log_extend_each_other(tmp_path):
    """A checkpoint that was kept holds the log to its history; one of another history is noticed."""
    with AuditLog.open(tmp_path / "log", SIGNER) as log:
        log.append(entry(0))
        kept = log.publish()
        log.extend([entry(number) for number in range(1, 400)])
    assert verify(tmp_path / "log", SIGNER.public, trusted=checkpoint.parse(checkpoint.text(kept))).ok
    foreign = keys.sign(SIGNER, 1, b"x" * 32)
    assert verify(tmp_path / "log", SIGNER.public, trusted=foreign).first_bad == 0
    later = keys.sign(SIGNER, 500, b"x" * 32)
    assert verify(tmp_path / "log", SIGNER.public, trusted=later).first_bad == 400


def test_an_open_log_verifies_itself(tmp_path):
    """The log's own verification sees everything acknowledged so far."""
    with AuditLog.open(tmp_path / "log", SIGNER, seen_path=tmp_path / "seen") as log:
        for number in range(3):
            log.append(entry(number))
            report = log.verify()
            assert (report.ok, report.size) == (True, number + 1)
            assert checkpoint.parse(report.checkpoint) == log.checkpoint


def test_no_log_is_not_a_clean_log(tmp_path):
    """Verifying a folder without a log is an error, never an empty success."""
    with pytest.raises(AuditError, match="no audit log"):
        verify(tmp_path, SIGNER.public)


def test_verifying_beside_a_writer(tmp_path):
    """Verification of a log that grows finds nothing wrong."""
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            log.extend([entry(0)] * 7)

    with AuditLog.open(tmp_path, SIGNER) as log:
        thread = threading.Thread(target=write)
        thread.start()
        reports = [verify(tmp_path, SIGNER.public) for _ in range(6)]
        stop.set()
        thread.join()
    assert [report.problems for report in reports] == [()] * 6


def test_an_entry_that_the_writer_encodes(tmp_path):
    """Durable in the order of the calls, beside others; one that has no canonical form is refused at its wait alone."""
    with AuditLog.open(tmp_path, SIGNER) as log:
        tickets = [log.begin_soon(entry(number)) for number in range(3)]
        assert [ticket.wait() for ticket in tickets] == [0, 1, 2]
        for bad in (Entry(1, "query", "", "a", {"x": 1.5}), Entry(1, "query", "", "a", {"x": "y" * 70_000})):
            refused = log.begin_soon(bad)
            with pytest.raises(AuditError, match="entry"):
                refused.wait()
        with pytest.raises(AuditError, match="RFC 3339"):
            log.begin_soon(Entry(1, "query", "2026", "a", {}))
        assert (log.append(entry(3)), log.begin_soon(entry(4)).wait()) == (3, 4)
        last = log.begin_soon(Entry(1, "query", "", "a", {"x": 1.5}))
    with pytest.raises(AuditError):
        last.wait()
    assert numbers(tmp_path) == list(range(5))
    assert verify(tmp_path, SIGNER.public).ok


def test_entries_of_many_threads_in_both_ways(tmp_path):
    """Each is acknowledged once, at the index where it stands."""
    found: dict[int, int] = {}

    def run(log: AuditLog, start: int) -> None:
        for number in range(start, start + 50):
            begin = log.begin_soon if number % 2 else log.begin
            found[number] = begin(entry(number)).wait()

    with AuditLog.open(tmp_path, SIGNER) as log:
        threads = [threading.Thread(target=run, args=(log, start)) for start in range(0, 400, 50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {index: number for number, index in found.items()} == dict(enumerate(numbers(tmp_path)))
    assert len(found) == 400
