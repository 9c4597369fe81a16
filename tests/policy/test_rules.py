"""The tree is the registry: every rule has its metadata, test and page, and its tests pass on guard and on OPA."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from guard.errors import PolicyError
from guard.policy.pack import Pack
from guard.policy.rules_test import TestResult, run_tests, untested_rules
from guard.policy.test_source import take_apart
from tests.policy.conftest import RULES
from tests.policy.test_pack import write

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs/reference/rules"


@pytest.fixture(scope="session")
def results(pack: Pack, policy_cache: Path) -> list[TestResult]:
    """The default pack's own tests, run once."""
    return run_tests(pack, cache=policy_cache)


def test_every_test_of_the_default_pack_passes(results: list[TestResult]) -> None:
    """On the embedded engine."""
    assert [one for one in results if one.outcome != "pass"] == []
    assert len(results) > 50


def test_every_rule_is_tested(pack: Pack) -> None:
    """A rule without a test is not shipped."""
    assert untested_rules(pack) == ()


def test_every_rule_has_its_page_and_every_page_its_rule(pack: Pack) -> None:
    """The reference is the tree."""
    pages = {path.relative_to(PAGES).with_suffix("").as_posix().replace("/", ".") for path in PAGES.rglob("*.md")}
    assert pages == {rule.id for rule in pack.rules}


def test_pages_say_what_the_metadata_says(pack: Pack) -> None:
    """Title, severity and mode on the page are the rule's."""
    for rule in pack.rules:
        page = (PAGES / f"{rule.id.replace('.', '/')}.md").read_text(encoding="utf-8")
        assert page.startswith(f"# {rule.id}\n\n{rule.metadata.title}. "), rule.id
        assert f"| {rule.metadata.custom.severity.value} | {rule.mode.value} |" in page, rule.id
        for heading in ("## What it does", "## Configuration", "## Example"):
            assert heading in page, rule.id
        for resource in rule.metadata.related_resources:
            assert resource.ref in page, rule.id


@pytest.mark.opa
def test_opa_agrees_on_every_test(results: list[TestResult], opa_binary: Path) -> None:
    """`opa test` runs the same files and gives the same outcomes."""
    done = subprocess.run(
        [opa_binary, "test", "--bundle", str(RULES / "policy"), "--format", "json"], capture_output=True, check=False
    )
    theirs = {
        (case["package"].removeprefix("data."), case["name"]): "fail" if case.get("fail") else "pass"
        for case in json.loads(done.stdout)
    }
    assert theirs == {(one.package, one.name): one.outcome for one in results}


@pytest.mark.opa
def test_opa_finds_nothing_to_complain_of(opa_binary: Path) -> None:
    """`opa check --strict` and `opa fmt` are quiet on the pack."""
    strict = subprocess.run([opa_binary, "check", "--strict", "--bundle", str(RULES / "policy")], check=False)
    unformatted = subprocess.run([opa_binary, "fmt", "--list", str(RULES / "policy")], capture_output=True, check=False)
    assert (strict.returncode, unformatted.stdout) == (0, b"")


def test_kinds_in_the_configuration_are_kinds_of_the_taxonomy(pack: Pack) -> None:
    """A misspelt kind would be a mask that never comes."""
    taxonomy = {
        kind
        for path in (RULES / "taxonomy").glob("*.yaml")
        for kind in yaml.safe_load(path.read_text(encoding="utf-8"))["kinds"]
    }
    config = pack.data["config"]
    shown = {kind for by in config["grants"].values() for grant in by.values() for kind in grant.get("show", [])}
    named = {*config["masking"]["kinds"], *shown, *config["secrets"]["state_secret_kinds"]}
    assert named | set(config["secrets"]["credential_kinds"]) <= taxonomy


def test_grants_name_purposes_of_the_register(pack: Pack) -> None:
    """A grant for a purpose that nobody can state is a mistake."""
    config = pack.data["config"]
    assert {purpose for by in config["grants"].values() for purpose in by} == set(config["purposes"])


def outcomes(folder: Path, test: str) -> list[tuple[str, int, str]]:
    """(name, line, outcome) of a pack with this test beside its one rule."""
    source = f"package guard.access.one_test\n\nimport data.guard.access.one as rule\n\n{test}"
    pack = Pack.load(write(folder, **{"access__one__one_test.rego": source}))
    return [(one.name, one.line, one.outcome) for one in run_tests(pack)]


def test_a_false_and_an_undefined_test_fail(tmp_path: Path) -> None:
    """The runner notices: a seeded wrong expectation, a wrong input, an undefined value, one false among true."""
    test = """yes := {{"message": "yes"}}

asking(purpose) := {"purpose": purpose}

test_right if rule.allow == yes with input as {"purpose": "x"}

test_wrong_expectation if rule.allow == set() with input as {"purpose": "x"}

test_wrong_input if rule.allow == yes with input as asking("y")

test_other_data if {
	rule.allow == yes with input as asking("y") with data.config.purpose as "y"
	rule.allow == set() with input as asking("x")
		with data.config as {"purpose": "y"}
}

test_undefined if rule.nothing

test_one_of_two_is_wrong if {
	rule.allow == yes with input as asking("x"); rule.allow == yes with input as asking("y")
}

test_undefined_input if not rule.allow with input as data.config.nowhere
"""
    assert outcomes(tmp_path, test) == [
        ("test_right", 9, "pass"),
        ("test_wrong_expectation", 11, "fail"),
        ("test_wrong_input", 13, "fail"),
        ("test_other_data", 15, "pass"),
        ("test_undefined", 21, "fail"),
        ("test_one_of_two_is_wrong", 23, "fail"),
        ("test_undefined_input", 27, "fail"),
    ]


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        ("test_a := true\n", "is not of the form `test_a if`"),
        ("test_a if true\n\ntest_a if false\n", "stands here twice"),
        ("test_a if {}\n", "is empty"),
        ("test_a if {\n\tx := 1\n\tx == 1\n}\n", "binds a variable"),
        ("test_a if data.x with data.x[0] as 1\n", "replaces something that is neither input nor data"),
        ("test_a if count([]) == 1 with count as 1\n", "replaces something that is neither input nor data"),
        ("test_a if [x | x := data.y with data.y as 1] == [1]\n", "replaces something"),
    ],
)
def test_a_test_of_a_shape_that_cannot_be_run_exactly_is_refused(test: str, problem: str) -> None:
    """Never a wrong pass: the runner says what it cannot do."""
    with pytest.raises(PolicyError) as caught:
        take_apart(f"package p\n\n{test}", file="a_test.rego")
    assert caught.value.message.startswith("`a_test.rego`:")
    assert problem in caught.value.message


def test_words_in_strings_and_comments_do_not_confuse_the_runner(tmp_path: Path) -> None:
    """`with` and braces inside a string are text."""
    test = """# test_not_a_test if true
test_strings if concat("", ["a } with ", input.rest]) == "a } with input as {" with input as {
	# } with data.x as 1
	"rest": "input as {",
}

test_after if true
"""
    assert outcomes(tmp_path, test) == [("test_strings", 6, "pass"), ("test_after", 11, "pass")]
