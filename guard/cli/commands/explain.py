"""`guard explain SQL`: the decision with everything the rules saw, and the enforced SQL."""

from __future__ import annotations

from typing import Annotated

import typer

from guard.cli.decisions import as_json, as_text
from guard.cli.options import (
    Attributes,
    ConfigFile,
    Purpose,
    Roles,
    SourceUri,
    Sql,
    Who,
    check_choice,
    read_text,
    subject_of,
)
from guard.cli.session import session
from guard.cli.tables import render_table
from guard.cli.terminal import answer, out
from guard.errors import EXIT_CLEAN, EXIT_FINDINGS
from guard.model import Decision


def command(
    sql: Sql,
    source: SourceUri,
    who: Who,
    purpose: Purpose,
    role: Roles = [],  # noqa: B006 - typer copies it
    attr: Attributes = None,
    output_format: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
    config: ConfigFile = None,
) -> int:
    """Show the facts, the labels, the rules and the SQL that would run. Exit code 1 is a denial."""
    check_choice(output_format, ("text", "json"))
    subject = subject_of(who, role, attr)
    statement = read_text(sql)
    with session(config) as g:
        decision, enforced = g.explain(statement, subject=subject, purpose=purpose, source=source)
    if output_format == "json":
        answer(as_json(decision, enforced))
    else:
        out(as_text(decision) + _uses(decision) + (f"\nenforced SQL:\n{enforced}\n" if enforced else ""))
    return EXIT_CLEAN if decision.allowed else EXIT_FINDINGS


def _uses(decision: Decision) -> str:
    """Each column that the statement touches, what for, and the label that the rules saw."""
    if decision.facts is None or not decision.facts.columns:
        return ""
    seen = dict(decision.labels)
    rows = []
    for use in decision.facts.columns:
        label = seen.get(f"{use.table}.{use.column}")
        kind = f"{label.kind} (level {label.level})" if label else "-"
        rows.append((str(use.table), use.column, ", ".join(use.uses), kind))
    return "\n" + render_table(("table", "column", "used for", "label"), rows)
