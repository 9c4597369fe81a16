"""`guard rules test | list`: the rule pack as a security team works with it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guard.cli.options import ConfigFile
from guard.cli.tables import render_table
from guard.cli.terminal import out
from guard.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_NOTHING

group = typer.Typer(help="The rule pack: test it, list it.")
Folder = Annotated[
    Path | None, typer.Argument(help="The folder `policy` of a rule pack; by default the configured one.")
]


@group.command("test")
def run_tests(folder: Folder = None, config: ConfigFile = None) -> int:
    """Run every `test_` rule. Exit code 1 when one fails, 3 when there is none."""
    from guard.policy.pack import Pack
    from guard.policy.rules_test import run_tests as run

    results = run(Pack.load(folder or _configured(config)))
    failures = [result for result in results if result.outcome != "pass"]
    for result in failures:
        out(f"{result.outcome.upper()} {result.package}.{result.name}  {result.file}:{result.line}  {result.detail}\n")
    failed = len(failures)
    out(f"{len(results) - failed} passed, {failed} failed\n")
    if not results:
        return EXIT_NOTHING
    return EXIT_FINDINGS if failed else EXIT_CLEAN


@group.command("list")
def list_rules(folder: Folder = None, config: ConfigFile = None) -> int:
    """Print each rule with its mode, severity and title."""
    from guard.policy.pack import Pack

    pack = Pack.load(folder or _configured(config))
    rows = [(rule.id, rule.mode, rule.metadata.custom.severity, rule.metadata.title) for rule in pack.rules]
    out(render_table(("rule", "mode", "severity", "what it does"), rows))
    out(f"revision {pack.revision}\n")
    return EXIT_CLEAN


def _configured(config: Path | None) -> Path:
    from guard.config import default_rules, load

    loaded = load(config)
    named = loaded.config.rules
    return (loaded.root / named if named else default_rules()) / "policy"
