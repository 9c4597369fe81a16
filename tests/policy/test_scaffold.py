"""A new rule is a good rule: it loads, its tests pass and see it both ways, and the linter has nothing to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.errors import UsageError
from guard.policy.coverage import Collector
from guard.policy.lint import lint
from guard.policy.metadata import Mode
from guard.policy.pack import Pack
from guard.policy.rule import CONTRIBUTIONS
from guard.policy.rules_test import run_tests
from guard.policy.scaffold import PAGE, scaffold


def test_every_kind_of_rule(tmp_path: Path, policy_cache: Path) -> None:
    """One of each contribution, in one pack, in monitor mode, with a page."""
    for contribution in CONTRIBUTIONS:
        for file, text in scaffold(f"extra.some_{contribution}", contribution, "Some title").items():
            if file == PAGE:
                assert text.startswith(f"# `extra.some_{contribution}`")
                continue
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    pack = Pack.load(tmp_path)
    collect = Collector(pack)
    results = run_tests(pack, cache=policy_cache, collect=collect)
    assert [result.outcome for result in results] == ["pass"] * 2 * len(CONTRIBUTIONS)
    assert collect.report().undecided == ()
    assert lint(pack) == []
    assert {rule.mode for rule in pack.rules} == {Mode.MONITOR}


@pytest.mark.parametrize("rule", ["one", "Access.one", "a.b.c", "lib.one", "config.one", "../x.y", "a.b\n"])
def test_an_id_that_is_none(rule: str) -> None:
    """What cannot be the id of a rule is refused before anything is written."""
    with pytest.raises(UsageError, match="is no id of a rule"):
        scaffold(rule, "deny", "T")


def test_a_title_that_breaks_the_metadata() -> None:
    """The title stands in YAML and in a comment, so it holds neither a colon nor a line break."""
    with pytest.raises(UsageError, match="the title"):
        scaffold("a.b", "deny", "x\npackage evil")
