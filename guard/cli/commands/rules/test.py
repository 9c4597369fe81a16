"""`guard rules test`: runs the pack's own tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from guard.cli.commands.rules.named import Alg, Folder, Key, Scope, pack_at
from guard.cli.options import ConfigFile
from guard.cli.terminal import out
from guard.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_NOTHING

if TYPE_CHECKING:
    from guard.policy.coverage import Coverage

MAX_SHOWN = 50


def command(
    folder: Folder = None,
    coverage: Annotated[bool, typer.Option("--coverage", help="Say what the tests reach.")] = False,
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", help="Fail below this percentage of statements.", min=0, max=100),
    ] = None,
    decisions: Annotated[
        bool, typer.Option("--decisions", help="Fail when a rule has not decided once and kept still once.")
    ] = False,
    key: Key = None,
    alg: Alg = "RS256",
    scope: Scope = "",
    config: ConfigFile = None,
) -> int:
    """Run every `test_` rule. Exit code 1 when one fails or too little is reached, 3 when there is none."""
    from guard.policy.coverage import Collector
    from guard.policy.rules_test import run_tests

    pack = pack_at(folder, config, key=key, alg=alg, scope=scope)
    wanted = coverage or threshold is not None or decisions
    collect = Collector(pack) if wanted else None
    results = run_tests(pack, collect=collect)
    failures = [result for result in results if result.outcome != "pass"]
    for result in failures:
        out(f"{result.outcome.upper()} {result.package}.{result.name}  {result.file}:{result.line}  {result.detail}\n")
    failed = len(failures)
    out(f"{len(results) - failed} passed, {failed} failed\n")
    if not results:
        return EXIT_NOTHING
    short = False
    if collect is not None:
        found = collect.report()
        out("\n".join(_as_text(found)) + "\n")
        short = (threshold is not None and found.percent < threshold) or (decisions and bool(found.undecided))
    return EXIT_FINDINGS if failed or short else EXIT_CLEAN


def _as_text(found: Coverage) -> Iterator[str]:
    for file, line in found.missed[:MAX_SHOWN]:
        yield f"NOT REACHED  {file}:{line}"
    if len(found.missed) > MAX_SHOWN:
        yield f"  and {len(found.missed) - MAX_SHOWN} more"
    for rule, what in found.undecided:
        yield f"UNDECIDED  {rule} {what} in its tests"
    yield f"coverage {found.percent:.1f} % of {found.lines} statements, {len(found.undecided)} rules undecided"
