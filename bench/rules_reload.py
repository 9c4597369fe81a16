"""`rules-reload`: a thousand reloads under load, every third of a broken pack; no wrong decision, no long pause."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from bench.result import Result
from guard.policy.engines.reloading import ReloadingEngine
from guard.policy.pack import Pack

RELOADS = 1000
VERSIONS = 20  # good packs that take turns
IDLE_SECONDS = 10.0  # of deciding without a reload, to tell the machine's own pauses
INPUT = {"context": {"time": "2026-01-01T00:00:00Z"}, "n": 1}
META = "# METADATA\n# title: T\n# description: D\n# custom:\n#   severity: low\n#   mode: enforce\n"
RULE = META + 'package guard.access.one\n\nallow contains {"message": "version %d"} if input.n == 1\n'
TEST = (
    "package guard.access.one_test\n\nimport data.guard.access.one\n\n"
    'test_says_it if one.allow == {{"message": "version %d"}} with input as {"n": 1}\n'
)


class Load:
    """A thread that decides without a pause and notes how long each decision took, and every wrong one."""

    def __init__(self, engine: ReloadingEngine, expected: dict[str, str]) -> None:
        self._engine = engine
        self._expected = expected
        self._stop = threading.Event()
        self.wrong = 0
        self.decisions = 0
        self.longest_ms = 0.0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            begun = time.perf_counter()
            held = self._engine.current
            answer: Any = held.decide(INPUT)
            said = answer["allow"][0]["items"][0]["message"]
            self.longest_ms = max(self.longest_ms, (time.perf_counter() - begun) * 1000)
            self.decisions += 1
            self.wrong += answer["revision"] != held.revision or self._expected.get(held.revision) != said
            time.sleep(0.001)


def _write(folder: Path, version: int, tested: int, *, broken: bool = False) -> None:
    place = folder / "access" / "one"
    place.mkdir(parents=True, exist_ok=True)
    (place / "one_test.rego").write_text(TEST % tested)
    (place / "one.rego").write_text((RULE % version) + ("deny contains {\n" if broken else ""))


def run() -> Result:
    """Good packs in turn; every third reload is of a pack that does not parse, or fails its own test."""
    with tempfile.TemporaryDirectory(prefix="guard-reload-") as name:
        folder = Path(name)
        _write(folder / "pack", 0, 0)
        engine = ReloadingEngine(
            folder / "pack", lambda: Pack.load(folder / "pack"), cache=folder / "cache", interval=3600
        )
        expected = {engine.revision: "version 0"}
        idle = Load(engine, expected)
        time.sleep(IDLE_SECONDS)
        idle.stop()
        load = Load(engine, expected)
        swapped = refused = unexpected = 0
        begun = time.perf_counter()
        for number in range(1, RELOADS + 1):
            broken = number % 3 == 0
            version = 1 + number % VERSIONS
            _write(folder / "pack", version, version + broken, broken=number % 6 == 0)
            if not broken:
                expected[Pack.load(folder / "pack").revision] = f"version {version}"
            done = engine.renew()
            outcome = done.outcome if done is not None else "none"
            swapped += outcome == "swapped"
            refused += outcome == "refused"
            unexpected += outcome != ("refused" if broken else "swapped")
        seconds = time.perf_counter() - begun
        load.stop()
        engine.close()
    print(f"{swapped} swapped, {refused} refused, {unexpected} unexpected, {seconds:.0f} s")
    return Result(
        {"wrong_decisions": load.wrong, "longest_decision_ms": round(load.longest_ms, 2)},
        {
            "reloads": RELOADS,
            "swapped": swapped,
            "refused": refused,
            "unexpected": unexpected,
            "decisions": load.decisions,
            "longest_without_reloads_ms": round(idle.longest_ms, 2),
            "seconds": round(seconds, 1),
        },
    )
