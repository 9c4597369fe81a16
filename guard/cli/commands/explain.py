"""`guard explain SQL`: the decision with everything the rules saw; `guard explain label FIELD`: a label."""

from __future__ import annotations

from typing import Annotated

import typer

from guard.cli.decisions import as_json, as_text
from guard.cli.labels import told
from guard.cli.options import (
    Attributes,
    ConfigFile,
    Language,
    NamesIn,
    Purpose,
    Roles,
    SourceUri,
    Who,
    check_choice,
    read_text,
    subject_of,
)
from guard.cli.session import recorded, session
from guard.cli.tables import render_table
from guard.cli.terminal import answer, out
from guard.errors import EXIT_CLEAN, EXIT_FINDINGS, UsageError
from guard.model import Decision


def command(
    sql: Annotated[
        str, typer.Argument(help="One SELECT; `-` reads standard input, `@FILE` a file. Or the word `label`.")
    ],
    field: Annotated[
        str, typer.Argument(metavar="[TABLE.COLUMN]", help="After `label`: the field whose label is explained.")
    ] = "",
    source: SourceUri = "",
    who: Who = "",
    purpose: Purpose = "",
    role: Roles = [],  # noqa: B006 - typer copies it
    attr: Attributes = None,
    output_format: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
    language: NamesIn = Language.EN,
    config: ConfigFile = None,
) -> int:
    """Show the facts, the labels, the rules and the SQL that would run. Exit code 1 is a denial.

    `guard explain label TABLE.COLUMN` replays a label from the record, without data: its evidence with weights that
    add up to the score, the rules' version, and what would change it.
    """
    check_choice(output_format, ("text", "json"))
    if sql == "label" or field:
        if sql != "label" or not field:
            raise UsageError("`explain` takes one statement, or `label` and a field", help="quote the SQL as one text")
        with recorded(config) as g:
            answer(told(g, field, language.value, as_json=output_format == "json"))
        return EXIT_CLEAN
    for name, given in (("--source", source), ("--as", who), ("--purpose", purpose)):
        if not given:
            raise UsageError(f"missing option `{name}`", help="see `guard explain --help`")
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
