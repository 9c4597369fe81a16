"""A pack that changes under load: the last good one decides, and no answer mixes two packs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guard.errors import AuditError
from guard.policy.engines.reloading import Reload, ReloadingEngine, Swap, fingerprint
from guard.policy.pack import Pack

PATIENCE = 60.0  # seconds to wait for the watching thread
INPUT = {"context": {"time": "2026-01-01T00:00:00Z"}, "n": 1}

RULE = """\
# METADATA
# title: One
# description: Allows with the number of its version.
# custom:
#   severity: low
#   mode: enforce
package guard.access.one

allow contains {"message": "version %d"} if input.n == 1
"""
TEST = """\
package guard.access.one_test

import data.guard.access.one

test_says_its_version if one.allow == {{"message": "version %d"}} with input as {"n": 1}
"""


def write(folder: Path, version: int, *, test: int | None = None, rule: str = RULE) -> None:
    """Version `version` of the pack; its test may expect another."""
    place = folder / "access" / "one"
    place.mkdir(parents=True, exist_ok=True)
    (place / "one_test.rego").write_text(TEST % (version if test is None else test))
    (place / "one.rego").write_text(rule % version if "%d" in rule else rule)


def said(answer: Any) -> str:
    """The message of the one rule."""
    message: str = answer["allow"][0]["items"][0]["message"]
    return message


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[ReloadingEngine]:
    """An engine on version 1 that looks only when it is told to."""
    write(tmp_path / "pack", 1)
    engine = ReloadingEngine(
        tmp_path / "pack", lambda: Pack.load(tmp_path / "pack"), cache=tmp_path / "cache", interval=3600
    )
    yield engine
    engine.close()


BROKEN = {
    "`access/one/one.rego`:1: the rule has no metadata": {"rule": RULE.replace("# METADATA\n", "")},
    "access/one/one.rego:9: invalid rule head": {"rule": RULE.replace("allow contains", "allow contains contains")},
    "unknown function `no.such`": {"rule": RULE.replace("input.n == 1", "no.such(input.n)")},
    "1 tests of the pack fail: `access/one/one_test.rego`:5": {"test": 99},
}


def test_a_broken_pack_is_refused(engine: ReloadingEngine, tmp_path: Path) -> None:
    """The last good pack stays, the refusal says why, and a repaired pack takes over."""
    before = engine.revision
    for problem, how in BROKEN.items():
        write(tmp_path / "pack", 2, **how)  # type: ignore[arg-type]
        refused = engine.renew()
        assert refused is not None
        assert (refused.outcome, refused.revision) == ("refused", before)
        assert problem in refused.problem
        assert refused.help
        assert said(engine.decide(INPUT)) == "version 1"
    write(tmp_path / "pack", 3)
    assert engine.renew() == Reload("swapped", Pack.load(tmp_path / "pack").revision)
    assert said(engine.decide(INPUT)) == "version 3"


def test_no_answer_mixes_two_packs(engine: ReloadingEngine, tmp_path: Path) -> None:
    """Threads decide while packs come and go, some of them broken: revision and answer always belong together."""
    expected = {engine.revision: "version 1"}
    seen: list[tuple[str, str]] = []
    stop = threading.Event()

    def keep_deciding() -> None:
        while not stop.is_set():
            held = engine.current
            answer: Any = held.decide(INPUT)
            assert answer["revision"] == held.revision
            seen.append((held.revision, said(answer)))
            time.sleep(0.0005)

    threads = [threading.Thread(target=keep_deciding) for _ in range(2)]
    for thread in threads:
        thread.start()
    outcomes = []
    for version in range(2, 5):
        write(tmp_path / "pack", version, test=0 if version % 3 == 0 else version)
        done = engine.renew()
        assert done is not None
        outcomes.append(done.outcome)
        if done.outcome == "swapped":
            expected[engine.revision] = f"version {version}"
    stop.set()
    for thread in threads:
        thread.join()
    assert outcomes == ["swapped", "refused", "swapped"]
    assert set(seen) <= set(expected.items())


def test_what_is_not_on_record_does_not_happen(tmp_path: Path) -> None:
    """The change is told before it decides; while it cannot be recorded the old pack stays, and it is tried again."""
    write(tmp_path / "pack", 1)
    seen: list[tuple[Swap, str]] = []
    full = [True]

    def record(swap: Swap) -> None:
        seen.append((swap, engine.revision))
        if full[0]:
            raise AuditError("the disk is full", help="make room")

    load = lambda: Pack.load(tmp_path / "pack")  # noqa: E731
    engine = ReloadingEngine(tmp_path / "pack", load, cache=tmp_path / "cache", interval=3600, record=record)
    try:
        old = engine.revision
        write(tmp_path / "pack", 2)
        new = load().revision
        assert engine.look() is None
        assert engine.look() == Reload("refused", old, "the disk is full", "make room")
        assert said(engine.decide(INPUT)) == "version 1"
        full[0] = False
        assert engine.look() == Reload("swapped", new)
        assert said(engine.decide(INPUT)) == "version 2"
        assert engine.look() is None
        assert seen == [(Swap(new, old, 1, 0), old)] * 2
    finally:
        engine.close()


def test_it_looks_by_itself(tmp_path: Path) -> None:
    """A change that stands still is taken without being told; the teller hears of it once."""
    write(tmp_path / "pack", 1)
    told: list[Reload] = []
    heard = threading.Event()

    def tell(reload: Reload) -> None:
        told.append(reload)
        heard.set()

    load = lambda: Pack.load(tmp_path / "pack")  # noqa: E731
    engine = ReloadingEngine(tmp_path / "pack", load, cache=tmp_path / "cache", interval=0.05, tell=tell)
    try:
        write(tmp_path / "pack", 2)
        assert heard.wait(PATIENCE)
        assert told[-1] == Reload("swapped", load().revision)
        assert said(engine.decide(INPUT)) == "version 2"
    finally:
        engine.close()


def test_a_change_that_goes_on_is_waited_for(engine: ReloadingEngine, tmp_path: Path) -> None:
    """A pack is read only when two looks in a row see the same files; a pack that is gone is no change to decide by."""
    write(tmp_path / "pack", 2)
    assert engine.look() is None
    swapped = engine.look()
    assert swapped is not None
    assert swapped.outcome == "swapped"
    assert engine.look() is None
    (tmp_path / "pack").rename(tmp_path / "away")
    assert fingerprint(tmp_path / "pack") == (("", 0, 0, 0),)
    engine.look()
    refused = engine.look()
    assert refused is not None
    assert refused.outcome == "refused"
    assert said(engine.decide(INPUT)) == "version 2"
