"""Kills and faults: a writer process is killed, or its system calls fail; what it had acknowledged must be in the log.

* random: SIGKILL after a random time, while four callers wait for their entries, or while the log is still opening.
* strace: each file call of the writer in turn fails with EIO or ENOSPC, or is the moment of the SIGKILL.

A writer is forked, so that a round costs milliseconds; it notes every acknowledged index in shared memory, which takes
no system call and survives the writer. After each round another process's eyes (`verify` and a fresh `open`) look for
all of them, in order, under the right index.
Killing a process leaves the page cache to the kernel; what a lost power supply takes is tested in `tests/audit`.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import random
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.result import Result
from guard.audit import AuditLog, Ed25519Signer, background, reader, segment, verify
from guard.errors import AuditError
from guard.model import Entry, Sensitive

KILLS = 1_000
ROUNDS_A_LOG = 25  # kills before a new log is begun, so that verifying stays quick
CALLERS = 4
SLOTS = 1 << 16  # entries of one log that can be told
STRACE_ENTRIES = 24  # what a writer logs under strace
CALLS = (
    "openat", "write", "pwrite64", "fdatasync", "fsync", "rename", "mkdir", "flock", "ftruncate", "read", "close",
    "newfstatat", "unlink", "unlinkat", "lseek", "getdents64",
)  # fmt: skip
MAX_NUMBER = 40  # of a call; a writer makes fewer of most
FAULTS = ("error=EIO", "error=ENOSPC", "signal=SIGKILL")
SIGNER = Ed25519Signer("bench.example/log", Sensitive(b"0" * 32))


@dataclass
class Told:
    """What writers were told: index to number."""

    entries: dict[int, int] = field(default_factory=dict)
    kills: int = 0
    faults: int = 0
    lost: int = 0
    acknowledged: int = 0  # in all rounds
    refused: int = 0  # logs that would not open again

    def check(self, folder: Path) -> None:
        """Counts what was acknowledged and is not there, and logs that do not verify or open."""
        try:
            with AuditLog.open(folder, SIGNER):
                pass
            verify(folder, SIGNER.public).require()
        except AuditError as error:
            print(f"refused: {error.message}")
            self.refused += 1
            self.lost += len(self.entries)
            return
        last = max(self.entries, default=-1)
        logged = {index: each.body["number"] for index, each in reader.entries(folder, 0, last + 1)}
        missing = [index for index, number in self.entries.items() if logged.get(index) != number]
        self.lost += len(missing)


def run() -> Result:
    """Prints a row for each part."""
    segment.SEGMENT_SIZE = 20_000
    background.PUBLISH_ENTRIES = 16
    with scratch() as folder:
        killed = random_kills(folder, KILLS)
        print(f"random  {killed.kills:6d} kills                   {killed.lost} lost, {killed.refused} refused")
        traced = traced_faults(folder, CALLS, MAX_NUMBER) if shutil.which("strace") else Told()
        if not shutil.which("strace"):
            print("strace is missing: apt-get install strace")
        print(
            f"strace  {traced.kills:6d} kills, {traced.faults:5d} errors  {traced.lost} lost, {traced.refused} refused"
        )
    return Result(
        figures={
            "lost": killed.lost + traced.lost,
            "kills": killed.kills + traced.kills,
            "injected_errors": traced.faults,
            "acknowledged": killed.acknowledged + traced.acknowledged,
            "refused": killed.refused + traced.refused,
        },
        context={"random_kills": killed.kills, "strace_kills": traced.kills, "calls": len(CALLS)},
    )


# --- random kills -----------------------------------------------------------------------------------------


def random_kills(folder: Path, kills: int) -> Told:
    """Kills so many writers at random moments."""
    chance = random.Random(4)
    total = Told()
    for number in range(kills):
        log = folder / f"log-{number // ROUNDS_A_LOG}"
        if number % ROUNDS_A_LOG == 0:
            total.entries = {}
            shutil.rmtree(folder / f"log-{number // ROUNDS_A_LOG - 1}", ignore_errors=True)
        with Writer(log, number * 10_000_000, callers=CALLERS, entries=None) as writer:
            time.sleep(chance.uniform(0, 0.03) if chance.random() < 0.5 else chance.uniform(0, 0.006))
            writer.kill()
        total.kills += writer.killed
        total.entries |= writer.told
        total.acknowledged += len(writer.told)
        if log.exists() and reader.segments(log):
            total.check(log)
    return total


class Writer:
    """A forked process that logs; leaving the block waits for its end and reads what was acknowledged."""

    def __init__(self, folder: Path, first: int, *, callers: int, entries: int | None, stopped: bool = False) -> None:
        self.told: dict[int, int] = {}
        self.killed = False
        self._memory = mmap.mmap(-1, SLOTS * 8)  # shared with the child; slot `index` holds the number, plus 1
        self.pid = os.fork()
        if self.pid == 0:
            try:
                if stopped:
                    os.kill(os.getpid(), signal.SIGSTOP)
                work(folder, first, callers, entries, self._memory)
            finally:
                os._exit(0)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        _, status = os.waitpid(self.pid, 0)
        self.killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        numbers = memoryview(self._memory).cast("Q")
        self.told = {index: number - 1 for index, number in enumerate(numbers) if number}
        numbers.release()
        self._memory.close()

    def kill(self) -> None:
        """SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)


def work(folder: Path, first: int, callers: int, entries: int | None, out: mmap.mmap) -> None:
    """In the child: logs, and notes each index once it is acknowledged."""
    try:
        log = AuditLog.open(folder, SIGNER)
    except (AuditError, OSError):
        return

    def caller(number: int) -> None:
        stop = None if entries is None else number + entries
        while number != stop:
            try:
                index = log.append(Entry(1, "decision", "", "s-0", {"number": number, "rows": 3}))
            except (AuditError, OSError):
                return
            struct.pack_into("=Q", out, index * 8, number + 1)
            number += 1

    threads = [threading.Thread(target=caller, args=(first + at * 1_000_000,), daemon=True) for at in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with contextlib.suppress(OSError):  # a failing `close` is a fault like any other
        log.close()


# --- faults injected into system calls --------------------------------------------------------------------


def traced_faults(folder: Path, calls: tuple[str, ...], highest: int) -> Told:
    """Fails each call of a writer, one run for each call, number and kind of fault, until a run meets none."""
    total = Told()
    for call in calls:
        for fault in FAULTS:
            for number in range(1, highest + 1):
                log = folder / "traced"
                shutil.rmtree(log, ignore_errors=True)
                prepare(log)
                total.entries = {each: each for each in range(PREPARED)}
                hit = traced(log, f"{call}:{fault}:when={number}", total)
                total.check(log)
                if not hit:
                    break
    return total


PREPARED = 40  # entries that are in the log before the faults come


def prepare(folder: Path) -> None:
    """A log with some segments and tiles, so that opening it has something to do."""
    with AuditLog.open(folder, SIGNER) as log:
        log.extend([Entry(1, "decision", "", "s-0", {"number": number, "rows": 3}) for number in range(PREPARED)])


def traced(folder: Path, injection: str, total: Told) -> bool:
    """Runs a writer under strace with one fault; True when the fault was met."""
    report = folder.with_name("strace.txt")
    report.unlink(missing_ok=True)
    with Writer(folder, PREPARED, callers=1, entries=STRACE_ENTRIES, stopped=True) as writer:
        call = injection.partition(":")[0]
        os.waitpid(writer.pid, os.WUNTRACED)
        strace = subprocess.Popen(
            ["strace", "-f", "-q", "-o", str(report), "-e", f"trace={call}", "-e", f"inject={injection}",
             "-p", str(writer.pid)],
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        status = Path(f"/proc/{writer.pid}/status")
        for _ in range(2_000):
            if f"TracerPid:\t{strace.pid}" in status.read_text():
                break
            time.sleep(0.001)
        else:
            raise RuntimeError("strace did not attach")
        os.kill(writer.pid, signal.SIGCONT)
    strace.wait()
    total.entries |= writer.told
    total.acknowledged += len(writer.told)
    total.kills += writer.killed
    text = report.read_text(errors="replace") if report.exists() else ""
    failed = "(INJECTED)" in text
    total.faults += failed and not writer.killed
    return failed or writer.killed


class scratch:  # noqa: N801 - used as a function
    """A folder on the disk of this checkout, since a temporary folder may be memory."""

    def __enter__(self) -> Path:
        self._folder = Path(tempfile.mkdtemp(prefix=".bench-faults-", dir=Path(__file__).parent))
        return self._folder

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder)
