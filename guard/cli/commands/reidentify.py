"""`guard reidentify`: turn pseudonyms back, if the policy grants it; decided, limited and on record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from guard.cli.options import Attributes, ConfigFile, Purpose, Roles, Who, read_text, subject_of
from guard.cli.session import session
from guard.cli.terminal import answer, note
from guard.errors import EXIT_CLEAN, UsageError


def command(
    tokens: Annotated[str, typer.Argument(help="Pseudonyms, one a line: `-` reads standard input, `@FILE` a file.")],
    who: Who,
    roles: Roles,
    purpose: Purpose,
    plan: Annotated[Path, typer.Option("--plan", help="The plan that made them.", exists=False)],
    column: Annotated[str, typer.Option("--column", help="Their column in the plan.")],
    kind: Annotated[str, typer.Option("--kind", help="What the values are, see docs/reference/kinds.md.")],
    attributes: Attributes = None,
    config: ConfigFile = None,
) -> int:
    """Print the values behind pseudonyms as JSON texts, one a line, if a rule grants it for this purpose.

    Every value is counted against the subject and written into the audit log before it is printed. Exit code 1 means
    denied.
    """
    from guard.anonymize.plan import Plan

    subject = subject_of(who, roles, attributes)
    made_by = Plan.load(plan)
    given = [line for line in read_text(tokens).splitlines() if line]
    if not given:
        raise UsageError("no pseudonyms are given", help="write one a line")
    with session(config) as g:
        found = g.reidentify(given, made_by, column=column, kind=kind, subject=subject, purpose=purpose)
        answer("".join(f"{json.dumps(value, ensure_ascii=False)}\n" for value in found.values.to_pylist()))
        note(f"turned back: {len(given)} values, entry {found.entry}, decision {found.decision.id}")
    return EXIT_CLEAN
