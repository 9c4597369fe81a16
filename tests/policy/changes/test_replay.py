"""Recorded questions hold no value of a person, and replayed under other rules they say what opens."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from guard.errors import UsageError
from guard.model import Subject
from guard.policy.changes.recording import Recorder, read
from guard.policy.changes.replay import replay
from guard.policy.engines.embedded import EmbeddedEngine
from guard.policy.engines.recording import RecordingEngine
from guard.policy.pack import Pack
from tests.policy.scripted import decided, facts

CANARY = "浦东新区-canary"


@pytest.fixture
def recording(embedded: EmbeddedEngine, tmp_path: Path) -> Path:
    """A clerk, a doctor and a stranger asked for the phone of residents; each question twice."""
    path = tmp_path / "asked.ndjson"
    engine = RecordingEngine(embedded, Recorder(path), lost=lambda error: pytest.fail(str(error)))
    for role, purpose in (("clerk", "service"), ("doctor", "treatment"), ("stranger", "service")) * 2:
        subject = Subject(CANARY, (role,), {"districts": [CANARY], "grade": 3})
        decided(engine, facts("phone", "district"), subject=subject, purpose=purpose)
    return path


def changed(pack: Pack, role: str, purpose: str, grant: dict[str, Any]) -> Pack:
    """The pack with another grant."""
    data = copy.deepcopy(dict(pack.data))
    data["config"]["grants"].setdefault(role, {})[purpose] = grant
    return Pack.of("changed", {**pack.files, **pack.tests}, data)


def test_a_recording_holds_no_value(recording: Path) -> None:
    """Texts of the subject are tokens, equal for equal texts; every question stands once; the file is private."""
    text = recording.read_text(encoding="utf-8")
    assert "canary" not in text
    assert recording.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["input"]["subject"]["roles"], line["exact"], line["exposure"] is None) for line in lines] == [
        (["clerk"], True, False),
        (["doctor"], True, False),
        (["stranger"], True, True),
    ]
    assert len({line["input"]["subject"]["id"] for line in lines}) == 1
    assert lines[0]["input"]["subject"]["attributes"]["grade"] == 3


def test_the_same_rules_change_nothing(recording: Path, pack: Pack, policy_cache: Path) -> None:
    """Replayed under the rules it was recorded with, every question is answered as it was."""
    found = replay(read(recording), pack, cache=policy_cache)
    assert (found.questions, found.inexact, found.flips) == (3, 0, ())


def test_a_denial_that_opens_is_refused_until_it_is_accepted(recording: Path, pack: Pack, policy_cache: Path) -> None:
    """A new grant opens a recorded denial, a narrower one closes an allow, a wider one unmasks: each is told apart."""
    wider = replay(read(recording), changed(pack, "stranger", "service", {"reach": 3, "clear": 2}), cache=policy_cache)
    assert [(flip.direction, flip.roles, flip.labels, flip.what, flip.times) for flip in wider.flips] == [
        ("widened", ("stranger",), ("cn.mobile",), ("deny becomes allow",), 1)
    ]
    assert wider.refused(set()) == wider.flips
    assert wider.refused({wider.flips[0].id}) == ()
    narrower = replay(read(recording), changed(pack, "clerk", "service", {"reach": 1, "clear": 1}), cache=policy_cache)
    assert [(flip.direction, flip.what) for flip in narrower.flips] == [("narrowed", ("allow becomes deny",))]
    assert narrower.refused(set()) == ()
    clearer = replay(read(recording), changed(pack, "clerk", "service", {"reach": 3, "clear": 3}), cache=policy_cache)
    assert [(flip.direction, flip.what) for flip in clearer.flips] == [
        ("widened", ("`cn.mobile` was masked with `partial` and is shown",))
    ]
    assert clearer.refused(set()) == ()


def test_what_cannot_be_told_from_tokens_is_said(tmp_path: Path, policy_cache: Path) -> None:
    """A rule that compares the text of an attribute decides otherwise on a token, and the record says that it is not
    exact."""
    rule = (
        "# METADATA\n# title: T\n# description: D\n# custom:\n#   severity: low\n#   mode: enforce\n"
        'package guard.access.one\n\nallow contains {"message": "yes"} if input.subject.attributes.team == "red"\n'
    )
    pack = Pack.of("p", {"access/one/one.rego": rule}, {"config": {}})
    path = tmp_path / "asked.ndjson"
    engine = RecordingEngine(
        EmbeddedEngine(pack, cache=policy_cache), Recorder(path), lost=lambda error: pytest.fail(str(error))
    )
    decision = decided(engine, facts("district"), subject=Subject("u", (), {"team": "red"}))
    assert decision.outcome == "allow"
    assert replay(read(path), pack, cache=policy_cache).inexact == 1


def test_a_disk_that_is_full_stops_no_decision(embedded: EmbeddedEngine, tmp_path: Path) -> None:
    """A recording that cannot be written is told, and the decision stands."""
    lost: list[OSError] = []
    engine = RecordingEngine(embedded, Recorder(tmp_path / "no" / "folder"), lost=lost.append)
    assert decided(engine, facts("phone"), purpose="treatment").outcome == "allow"
    assert len(lost) == 1


def test_a_line_that_is_no_record(tmp_path: Path) -> None:
    """A damaged recording is an error with its line."""
    path = tmp_path / "asked.ndjson"
    path.write_text('{"v": 1}\n')
    with pytest.raises(UsageError, match=r"asked\.ndjson`:1: the line is no recorded decision"):
        list(read(path))


def test_a_question_of_nobody_is_not_recorded(embedded: EmbeddedEngine, tmp_path: Path) -> None:
    """`guard doctor` asks an empty question; it is answered and leaves nothing."""
    engine = RecordingEngine(embedded, Recorder(tmp_path / "a"), lost=lambda error: pytest.fail(str(error)))
    assert engine.decide({"context": {"time": "2026-01-01T00:00:00Z"}})
    assert not (tmp_path / "a").exists()
