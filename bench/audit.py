"""The audit log on plain files: durable events per second, acknowledged events with waiting callers, verification.

Every figure counts events whose entries and signed checkpoint were synced before the caller went on.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.result import Result
from guard.audit import AuditLog, Ed25519Signer, verify
from guard.model import Entry, Sensitive

CALLERS = 64
EACH = 500  # events a waiting caller logs
BATCH = 1_000
EVENTS = 1_000_000
SINGLE = 2_000


def entry(number: int) -> Entry:
    """A decision as the engine logs it: names, counts and a fingerprint."""
    return Entry(
        v=1,
        kind="decision",
        time="",
        actor=f"analyst-{number % 97}",
        body={
            "decision": f"d-{number:08d}",
            "outcome": "allow",
            "purpose": "fraud_review",
            "statement": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "tables": ["crm.people"],
            "rows": number,
        },
    )


def run() -> Result:
    """Prints a row for each part."""
    signer = Ed25519Signer("bench.example/log", Sensitive(b"0" * 32))
    with scratch() as folder, AuditLog.open(folder / "log", signer) as log:
        single = [seconds(log, entry(number)) for number in range(SINGLE)]
    single_ms = statistics.median(single) * 1000
    print(f"one caller          {single_ms:8.3f} ms p50")

    waiting = sorted(measure_waiting(signer) for _ in range(3))[1]  # the median of three short runs
    print(f"{CALLERS} waiting callers {waiting[0]:10,.0f} events/s   p99 {waiting[1]:.2f} ms")
    with one_core():
        pinned = sorted(measure_waiting(signer) for _ in range(3))[1]
    print(f"... on one core    {pinned[0]:10,.0f} events/s   p99 {pinned[1]:.2f} ms")

    with scratch() as folder:
        batched = measure_batched(folder / "log", signer)
        print(f"batches of {BATCH}  {batched:12,.0f} events/s")
        started = time.perf_counter()
        report = verify(folder / "log", signer.public)
        verified = time.perf_counter() - started
        report.require()
        assert report.size == EVENTS
        size = sum(path.stat().st_size for path in (folder / "log").rglob("*") if path.is_file())
    print(f"verify {EVENTS:,}    {verified:8.2f} s")
    return Result(
        figures={
            "batched_events_per_s": batched,
            "acknowledged_per_s_64": waiting[0],
            "acknowledged_p99_ms_64": waiting[1],
            "acknowledged_per_s_64_one_core": pinned[0],
            "verify_1m_s": verified,
            "single_p50_ms": single_ms,
        },
        context={"batch": BATCH, "events": EVENTS, "bytes_on_disk_per_event": round(size / EVENTS)},
    )


def seconds(log: AuditLog, event: Entry) -> float:
    """How long one durable append takes."""
    started = time.perf_counter()
    log.append(event)
    return time.perf_counter() - started


def measure_waiting(signer: Ed25519Signer) -> tuple[float, float]:
    """Events per second and the p99 in milliseconds of callers that each wait for their own event."""
    events = [entry(number) for number in range(EACH)]
    times: list[float] = []

    def caller() -> None:
        times.extend([seconds(log, event) for event in events])

    with scratch() as folder, AuditLog.open(folder / "log", signer) as log:
        threads = [threading.Thread(target=caller) for _ in range(CALLERS)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        elapsed = time.perf_counter() - started
    return len(times) / elapsed, sorted(times)[int(len(times) * 0.99)] * 1000


def measure_batched(folder: Path, signer: Ed25519Signer) -> float:
    """Events per second handed over in batches by one caller, each batch durable before the next."""
    events = [entry(number) for number in range(BATCH)]
    with AuditLog.open(folder, signer) as log:
        started = time.perf_counter()
        for _ in range(EVENTS // BATCH):
            log.extend(events)
        return EVENTS / (time.perf_counter() - started)


@contextmanager
def one_core() -> Iterator[None]:
    """Threads begun inside stay on one core: an interpreter lets one run at a time, and handing over costs less there.

    That is how a service of many threads does best (`taskset -c 0 ...`), so it is measured beside what comes by itself.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the disk of this checkout, since a temporary folder may be memory."""
    folder = Path(tempfile.mkdtemp(prefix=".bench-audit-", dir=Path(__file__).parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
