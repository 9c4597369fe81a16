"""Coverage tells which statements tests reach, and which rules they never saw decide, or never saw keep still."""

from __future__ import annotations

from pathlib import Path

from guard.policy.coverage import Collector, Coverage
from guard.policy.pack import Pack
from guard.policy.rules_test import run_tests

META = "# METADATA\n# title: T\n# description: D\n# custom:\n#   severity: low\n#   mode: enforce\n"
ONE = (
    META
    + """\
package guard.access.one

deny contains reason if {
	input.a == 1 # a comment, and "a string with if {"
	some b in input.list
	b > 1
	reason := {"message": "m"}
}

allow contains {"message": "n"} if high(input.b)

high(x) if x > 5

high(x) if {
	x < 0
	is_number(x)
}

never if {
	input.z
}
"""
)
TEST = """\
package guard.access.one_test

import data.guard.access.one

test_allows if one.allow == {{"message": "n"}} with input as {"b": 9}

test_keeps_still if one.allow == set() with input as {"b": 1}

test_no_denial if one.deny == set() with input as {"a": 1, "list": [0]}
"""


def covered(tests: str, cache: Path) -> Coverage:
    """What these tests reach of the one rule."""
    pack = Pack.of("p", {"access/one/one.rego": ONE, "access/one/one_test.rego": tests}, {"config": {}})
    collect = Collector(pack)
    assert {result.outcome for result in run_tests(pack, cache=cache, collect=collect)} == {"pass"}
    return collect.report()


def test_what_is_reached_and_what_is_not(policy_cache: Path) -> None:
    """Statements before the one that fails are reached, those behind it are not, nor is what nobody asks for."""
    found = covered(TEST, policy_cache)
    file = "access/one/one.rego"
    assert found.missed == ((file, 12), (file, 13), (file, 21), (file, 22), (file, 26))
    assert (found.reached, found.lines) == (4, 9)
    # The rule as a whole has decided and has kept still: it allowed once, and once it said nothing.
    assert found.undecided == ()


def test_a_rule_that_never_keeps_still(policy_cache: Path) -> None:
    """A rule whose tests only ever see it decide, or never do, is named."""
    always = TEST.partition("test_keeps_still")[0]
    assert covered(always, policy_cache).undecided == (("access.one", "always decides"),)
    never = f"package guard.access.one_test\n\nimport data.guard.access.one\n\n{TEST[TEST.index('test_keeps') :]}"
    assert covered(never, policy_cache).undecided == (("access.one", "never decides"),)


def test_marks_change_no_answer(pack: Pack, policy_cache: Path) -> None:
    """The tests of the default pack pass on the marked rules, reach all of them and see each rule both ways."""
    collect = Collector(pack)
    results = run_tests(pack, cache=policy_cache, collect=collect)
    assert {result.outcome for result in results} == {"pass"}
    found = collect.report()
    assert (found.missed, found.undecided, found.percent) == ((), (), 100.0)
