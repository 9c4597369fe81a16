"""`guard rules lint`: mistakes in rules that compile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from guard.cli.commands.rules.named import Alg, Folder, Key, Scope, pack_at
from guard.cli.options import ConfigFile, check_choice
from guard.cli.tables import render_table
from guard.cli.terminal import answer, out
from guard.errors import EXIT_CLEAN, EXIT_FINDINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guard.policy.lint import Finding


def command(
    folder: Folder = None,
    fail_on: Annotated[
        str, typer.Option("--fail-on", help="What makes the exit code 1: error or warning.")
    ] = "warning",
    output_format: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
    rules: Annotated[bool, typer.Option("--rules", help="List the rules of the linter and stop.")] = False,
    key: Key = None,
    alg: Alg = "RS256",
    scope: Scope = "",
    config: ConfigFile = None,
) -> int:
    """Look for mistakes in the pack's Rego: bugs, loops that go quadratic, style. Exit code 1 when there are some."""
    from guard.policy.lint import lint
    from guard.policy.lint.run import known

    check_choice(output_format, ("text", "json"))
    check_choice(fail_on, ("error", "warning"))
    if rules:
        rows = [(rule.name, rule.category, rule.level, rule.title) for rule in known()]
        out(render_table(("rule", "category", "level", "what it finds"), rows))
        return EXIT_CLEAN
    found = lint(pack_at(folder, config, key=key, alg=alg, scope=scope))
    if output_format == "json":
        answer(_as_json(found))
    else:
        out(_as_text(found))
    bad = [one for one in found if fail_on == "warning" or one.level == "error"]
    return EXIT_FINDINGS if bad else EXIT_CLEAN


def _as_json(found: Sequence[Finding]) -> str:
    import msgspec

    document = {"v": 1, "findings": [msgspec.to_builtins(one) for one in found]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _as_text(found: Sequence[Finding]) -> str:
    lines = []
    for one in found:
        lines += [f"{one.file}:{one.line}: {one.level}: {one.message}  [{one.rule}]", f"  help: {one.help}"]
    errors = sum(one.level == "error" for one in found)
    lines.append(f"{errors} errors, {len(found) - errors} warnings")
    return "\n".join(lines) + "\n"
