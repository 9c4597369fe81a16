"""`guard rules test`: runs the pack's own tests."""

from __future__ import annotations

from guard.cli.commands.rules.named import Alg, Folder, Key, Scope, pack_at
from guard.cli.options import ConfigFile
from guard.cli.terminal import out
from guard.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_NOTHING


def command(
    folder: Folder = None, key: Key = None, alg: Alg = "RS256", scope: Scope = "", config: ConfigFile = None
) -> int:
    """Run every `test_` rule. Exit code 1 when one fails, 3 when there is none."""
    from guard.policy.rules_test import run_tests

    results = run_tests(pack_at(folder, config, key=key, alg=alg, scope=scope))
    failures = [result for result in results if result.outcome != "pass"]
    for result in failures:
        out(f"{result.outcome.upper()} {result.package}.{result.name}  {result.file}:{result.line}  {result.detail}\n")
    failed = len(failures)
    out(f"{len(results) - failed} passed, {failed} failed\n")
    if not results:
        return EXIT_NOTHING
    return EXIT_FINDINGS if failed else EXIT_CLEAN
