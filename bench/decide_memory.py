"""A million decisions of the default pack in one process: how much memory they leave behind, and how many are wrong.

numpy is loaded first, which makes regopy leak 46 KB a decision. 32 threads share one policy; every answer is compared
with the one that a single thread gave before. Memory is the resident set, before and after, with the threads that are
measured warmed up by the first of their decisions.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from pathlib import Path
from typing import Any

from bench.result import Result

DECISIONS = 1_000_000
THREADS = 32
WARM = 100_000
QUESTIONS = 400


def resident_mb() -> float:
    """Megabytes of the process that are in memory now."""
    gc.collect()
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell how much memory a process holds")


def run() -> Result:
    """Decides a million times and compares every answer."""
    import numpy as np

    from guard.policy.entry import ENTRY_POINT
    from tests.policy.rego.questions import questions

    if "regopy" in sys.modules:
        raise RuntimeError("regopy is loaded in the process that decides")
    pack, inputs = questions(QUESTIONS)
    policy = pack.compile()
    expected = [policy.evaluate(ENTRY_POINT, one, pack.data) for one in inputs]
    measured = threading.Barrier(THREADS + 1)
    wrong = [0] * THREADS

    def decide(thread: int, count: int) -> None:
        for number in range(thread, thread + count):
            place = (number * 31) % QUESTIONS
            answer: Any = policy.evaluate(ENTRY_POINT, inputs[place], pack.data)
            wrong[thread] += answer != expected[place]

    def work(thread: int) -> None:
        decide(thread, WARM // THREADS)
        measured.wait()
        measured.wait()
        decide(thread, DECISIONS // THREADS)
        measured.wait()
        measured.wait()

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(THREADS)]
    for thread in threads:
        thread.start()
    measured.wait()
    before, begun = resident_mb(), time.perf_counter()
    measured.wait()
    measured.wait()
    seconds, after = time.perf_counter() - begun, resident_mb()
    measured.wait()
    for thread in threads:
        thread.join()
    print(
        f"{DECISIONS} decisions on {THREADS} threads in {seconds:.0f} s: {sum(wrong)} wrong, "
        f"{before:.1f} -> {after:.1f} MB"
    )
    return Result(
        {"growth_mb": round(after - before, 2), "wrong": sum(wrong)},
        {
            "decisions": DECISIONS // THREADS * THREADS,
            "threads": THREADS,
            "questions": QUESTIONS,
            "seconds": round(seconds, 1),
            "numpy": np.__version__,
        },
    )
