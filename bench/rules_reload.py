"""`rules-reload`: a thousand reloads under load, every third of a broken pack; no wrong decision, no long pause.

The control is as long as the reloads take of the same machine: another process does the same reloads, while this one
decides without any. What both have in common is the machine's, not the reload's.
"""

from __future__ import annotations

import multiprocessing
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
CONTROL_RELOADS = 250  # that another process does while this one decides without
LONG_MS = 50.0
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
        self.long = 0  # decisions
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
            took = (time.perf_counter() - begun) * 1000
            self.longest_ms = max(self.longest_ms, took)
            self.long += took > LONG_MS
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
        control = _control(Path(name) / "control")
        load, outcomes, seconds = _reload(Path(name) / "reloads", RELOADS)
    print(f"{outcomes}, {seconds:.0f} s; longest {load.longest_ms:.1f} ms, without reloads {control.longest_ms:.1f} ms")
    return Result(
        {"wrong_decisions": load.wrong, "longest_decision_ms": round(load.longest_ms, 2)},
        {
            "reloads": RELOADS,
            **outcomes,
            "decisions": load.decisions,
            "decisions_over_50_ms": load.long,
            "control_longest_ms": round(control.longest_ms, 2),
            "control_decisions": control.decisions,
            "control_decisions_over_50_ms": control.long,
            "seconds": round(seconds, 1),
        },
    )


def _control(folder: Path) -> Load:
    """Decides without a reload, while another process reloads."""
    _write(folder / "pack", 0, 0)
    engine = _engine(folder)
    other = multiprocessing.get_context("spawn").Process(target=_reload, args=(folder / "other", CONTROL_RELOADS))
    load = Load(engine, {engine.revision: "version 0"})
    other.start()
    other.join()
    load.stop()
    engine.close()
    if other.exitcode:
        raise RuntimeError(f"the control ended with status {other.exitcode}")
    return load


def _engine(folder: Path) -> ReloadingEngine:
    """An engine that looks only when it is told to."""
    return ReloadingEngine(folder / "pack", lambda: Pack.load(folder / "pack"), cache=folder / "cache", interval=3600)


def _reload(folder: Path, reloads: int) -> tuple[Load, dict[str, int], float]:
    """So many reloads under load, their outcomes, and how many seconds they took."""
    _write(folder / "pack", 0, 0)
    engine = _engine(folder)
    expected = {engine.revision: "version 0"}
    load = Load(engine, expected)
    outcomes = {"swapped": 0, "refused": 0, "unexpected": 0}
    begun = time.perf_counter()
    for number in range(1, reloads + 1):
        broken = number % 3 == 0
        version = 1 + number % VERSIONS
        _write(folder / "pack", version, version + broken, broken=number % 6 == 0)
        if not broken:
            expected[Pack.load(folder / "pack").revision] = f"version {version}"
        done = engine.renew()
        outcome = done.outcome if done is not None else "unexpected"
        outcomes[outcome if outcome == ("refused" if broken else "swapped") else "unexpected"] += 1
    seconds = time.perf_counter() - begun
    load.stop()
    engine.close()
    return load, outcomes, seconds
