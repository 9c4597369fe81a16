"""The embedded engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.errors import PolicyUnavailableError
from guard.policy.engines.embedded import EmbeddedEngine
from guard.policy.pack import Pack

RULE = """# METADATA
# scope: package
# title: Only in the year of the question
# description: Shows that a rule may look at the clock, and which one it sees.
# custom:
#   severity: low
#   mode: enforce
package guard.access.clock

import rego.v1

allow contains {"message": "in time"} if time.now_ns() == 1767225600000000000
"""
QUESTION = {
    "v": 1,
    "subject": {"id": "a", "roles": [], "attributes": {}},
    "action": "select",
    "purpose": "p",
    "context": {"source": "s", "time": "2026-01-01T00:00:00Z"},
    "tables": [],
    "label_sets": [],
}


@pytest.mark.parametrize(
    "question",
    [{}, {"context": {}}, {"context": None}, {"context": {"time": "soon"}}, {"context": {"time": "2026-01-01"}}],
)
def test_an_input_without_a_time_has_no_answer(tmp_path: Path, question: dict[str, object]) -> None:
    """Such an input is no crash and no decision."""
    engine = EmbeddedEngine(_clock_pack(tmp_path))
    with pytest.raises(PolicyUnavailableError, match="no readable time"):
        engine.decide(question)


def test_a_rule_sees_the_time_of_the_question(tmp_path: Path) -> None:
    """`time.now_ns()` is the time in the input, so that a replayed decision comes out the same."""
    verdict = EmbeddedEngine(_clock_pack(tmp_path)).decide(QUESTION)
    assert isinstance(verdict, dict)
    assert [group["rule"] for group in verdict["allow"]] == ["access.clock"]
    assert verdict["allow"][0]["items"] == [{"message": "in time"}]


def _clock_pack(folder: Path) -> Pack:
    rule = folder / "access" / "clock" / "clock.rego"
    rule.parent.mkdir(parents=True)
    rule.write_text(RULE, encoding="utf-8")
    return Pack.load(folder)
