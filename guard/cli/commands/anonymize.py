"""`guard anonymize IN OUT --plan plan.yaml`: a file whose fields went through their transforms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guard.cli.options import ConfigFile
from guard.cli.session import session
from guard.cli.terminal import answer, note
from guard.errors import EXIT_CLEAN, UsageError

if TYPE_CHECKING:
    from guard.anonymize.plan import Plan
    from guard.engine import Guard


def command(
    source: Annotated[str, typer.Argument(metavar="IN", help="A CSV, Parquet or JSON-lines file.")],
    target: Annotated[Path | None, typer.Argument(metavar="[OUT]", help="The new file; never an existing one.")] = None,
    plan: Annotated[Path | None, typer.Option("--plan", help="A plan; without it one is derived from labels.")] = None,
    derive: Annotated[bool, typer.Option("--derive", help="Print a plan derived from the labels and stop.")] = False,
    purpose: Annotated[str, typer.Option("--purpose", "-p", help="Purpose of a derived plan.")] = "release",
    delimiter: Annotated[str, typer.Option(help="Between the fields of a CSV file.")] = ",",
    config: ConfigFile = None,
) -> int:
    """Anonymise a file by a plan; nothing is half-written, and the run is in the audit log before the file appears."""
    if derive and (plan or target):
        raise UsageError("`--derive` prints a plan and writes nothing", help="leave OUT and --plan out")
    if not derive and target is None:
        raise UsageError("no output file is named", help="write `guard anonymize IN OUT --plan plan.yaml`")
    if not derive and not Path(source).is_file():
        raise UsageError(f"`{source}` is not a file", help="name one CSV, Parquet or JSON-lines file")
    with session(config) as g:
        made = _plan(g, source, plan, purpose)
        if target is None:
            answer(made.to_yaml())
            return EXIT_CLEAN
        rows = g.anonymize_file(Path(source), target, made, delimiter=delimiter)
    note(f"{rows} row{'s' * (rows != 1)} written to {target}")
    return EXIT_CLEAN


def _plan(g: Guard, source: str, plan: Path | None, purpose: str) -> Plan:
    if plan is None:
        return g.derive_plan(source, purpose=purpose)
    from guard.anonymize.plan import Plan

    return Plan.load(plan)
