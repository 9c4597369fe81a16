"""Each rule of the linter objects to its bad cases and is silent on its good ones; the cases are data."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from guard.policy.lint import lint
from guard.policy.lint.module import Module, read
from guard.policy.lint.pack import Linted
from guard.policy.lint.run import known
from guard.policy.pack import Pack

CASES = Path(__file__).resolve().parents[2] / "cases" / "lint"
THING = "package guard.lib.thing\n\ny if input.b\n"
NAMES = [rule.name for rule in known()]


def objections(rule: str, text: str) -> list[int]:
    """Lines that the rule objects to, in a pack of this module and one library."""
    source = text if text.startswith("package") else f"package guard.access.one\n\n{text}"
    package = source.splitlines()[0].removeprefix("package ")
    file = "access/one/one_test.rego" if package == "guard.access.one_test" else "access/one/one.rego"
    module = read(file, source)
    linted = Linted({file: module, "lib/thing.rego": read("lib/thing.rego", THING)}, {"config": {"a": 1, "thing": 1}})
    found = next(one for one in known() if one.name == rule)
    return [line for line, message in found.check(module, linted) if message]


@pytest.mark.parametrize("name", NAMES)
def test_good_and_bad(name: str) -> None:
    """Every bad case is found and no good one is."""
    cases = yaml.safe_load((CASES / f"{name}.yml").read_text(encoding="utf-8"))
    assert [text for text in cases["bad"] if not objections(name, text)] == []
    assert [text for text in cases["good"] if objections(name, text)] == []


def test_every_rule_has_cases_and_every_case_a_rule() -> None:
    """The folder of cases is the folder of rules."""
    assert sorted(path.stem for path in CASES.glob("*.yml")) == sorted(NAMES)


def test_a_rule_says_what_is_wrong_and_what_to_do() -> None:
    """Title, help, level and category are there for each; there are at least thirty."""
    assert len(NAMES) >= 30
    for rule in known():
        assert rule.title
        assert rule.help
        assert rule.level in {"error", "warning"}
        assert rule.category in {"bugs", "idiomatic", "imports", "performance", "style", "testing"}


def test_the_default_pack_is_clean(pack: Pack) -> None:
    """What guard ships has nothing to object to."""
    assert lint(pack) == []


def test_a_comment_switches_a_rule_off(tmp_path: Path) -> None:
    """`regal ignore` counts for the next line and for the rules that it names."""
    text = "# regal ignore:prefer-snake-case\nisAllowed if input.a\n\nisDenied if input.b\n"
    linted = Linted({"access/one/one.rego": read("access/one/one.rego", f"package guard.access.one\n\n{text}")})
    from guard.policy.lint.run import _findings

    assert [(one.line, one.rule) for one in _findings(linted)] == [(6, "prefer-snake-case")]


def test_strings_and_comments_are_no_code() -> None:
    """What stands in a string or a comment is neither a rule nor a comment."""
    module: Module = read("a.rego", 'package a\n\n# it\'s "if" here\nx := "# no # comment" # yes\ny := `\n# raw\n`\n')
    assert module.comments == ((3, '# it\'s "if" here'), (4, "# yes"))
    assert [head.name for head in module.rules] == ["x", "y"]
