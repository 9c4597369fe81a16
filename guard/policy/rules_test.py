"""Runs the `test_` rules of a pack on the embedded engine: what `guard rules test` shows.

A test passes when every statement of it holds, as with `opa test`; undefined and false fail.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from guard.errors import PolicyError
from guard.model import Value
from guard.policy.pack import Pack
from guard.policy.test_source import Replacement, Statement, TestFile, take_apart

if TYPE_CHECKING:
    from guard.policy.coverage import Collector
    from guard.policy.rego import Policy

Outcome: TypeAlias = Literal["pass", "fail", "error"]


class TestResult(Value, frozen=True):
    """One test rule: its package and name in Rego, its file and line in the pack."""

    __test__ = False  # not a test of pytest's

    package: str
    name: str
    file: str
    line: int
    outcome: Outcome
    detail: str = ""


def run_tests(pack: Pack, *, cache: Path | None = None, collect: Collector | None = None) -> list[TestResult]:
    """Every test of the pack, in the order of files and lines; `collect` gathers what they reach.

    Raises:
        PolicyError: rules or tests do not compile, or a test is of a shape that cannot be run exactly.
    """
    modules = pack.files if collect is None else collect.files()
    return [
        result
        for file, found in _taken_apart(pack).items()
        for result in _run_file(pack, modules, file, found, cache, collect)
    ]


def _run_file(
    pack: Pack,
    modules: Mapping[str, str],
    file: str,
    found: TestFile,
    cache: Path | None,
    collect: Collector | None,
) -> list[TestResult]:
    """One compilation a file: regopy 1.5.2 crashes when two test files name functions alike with other arguments."""
    from guard.policy.rego import compile as compile_rego

    package = _package(file)
    entrypoints = [
        f"data.{package}.{rule}"
        for test in found.tests
        for statement in test.statements
        for rule in (statement.rule, *(one.rule for one in statement.replacements))
    ]
    if not entrypoints:
        return []
    policy = compile_rego({**modules, file: found.source}, entrypoints=entrypoints, cache=cache)
    outcomes = [_outcome(policy, package, test.statements, pack, collect) for test in found.tests]
    return [
        TestResult(package, test.name, file, test.line, outcome, detail)
        for test, (outcome, detail) in zip(found.tests, outcomes, strict=True)
    ]


def untested_rules(pack: Pack) -> tuple[str, ...]:
    """The ids of rules without a single test."""
    tested = {_package(file) for file, found in _taken_apart(pack).items() if found.tests}
    return tuple(rule.id for rule in pack.rules if f"{rule.package}_test" not in tested)


def _taken_apart(pack: Pack) -> dict[str, TestFile]:
    return {file: take_apart(source, file=file) for file, source in pack.tests.items()}


def _package(file: str) -> str:
    """`access/x/x_test.rego` -> `guard.access.x_test`; the pack's reader has held the file to it."""
    path = PurePosixPath(file)
    return f"guard.{path.parts[0]}.{path.stem}"


def _outcome(
    policy: Policy, package: str, statements: tuple[Statement, ...], pack: Pack, collect: Collector | None
) -> tuple[Outcome, str]:
    try:
        held = all(_holds(policy, package, statement, pack, collect) for statement in statements)
    except PolicyError as error:
        return "error", error.message
    return ("pass", "") if held else ("fail", "")


def _holds(policy: Policy, package: str, statement: Statement, pack: Pack, collect: Collector | None) -> bool:
    """Whether the expression is true with its replacements; a replacement without a value makes it undefined."""
    from guard.policy.rego import UNDEFINED

    world: dict[str, Any] = {"data": pack.data}
    for one in statement.replacements:
        value = policy.evaluate(f"data.{package}.{one.rule}", UNDEFINED, pack.data)
        if value is UNDEFINED:
            return False
        world = _replaced(world, one, value)
    document = world.get("input", UNDEFINED)
    path = f"data.{package}.{statement.rule}"
    if collect is not None:
        for rule in policy.explain(path, document, world["data"]).rules:
            collect.saw(rule.rule.removeprefix("data."), None if rule.value is UNDEFINED else rule.value)
    return policy.evaluate(path, document, world["data"]) is True


def _replaced(world: dict[str, Any], one: Replacement, value: Any) -> dict[str, Any]:
    """`world` with `value` at the target's path; what stands in its way gives way, as with Rego's `with`."""
    *folders, last = one.target.split(".")
    new: dict[str, Any] = dict(world)
    at = new
    for folder in folders:
        inner = at.get(folder)
        at[folder] = dict(inner) if isinstance(inner, dict) else {}
        at = at[folder]
    at[last] = copy.deepcopy(value)
    return new
