"""`guard query SQL`: run a query as somebody, and get what that person may see."""

from __future__ import annotations

from typing import Annotated

import typer

from guard.cli.decisions import as_text, describe
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
from guard.cli.terminal import answer, note, out
from guard.errors import EXIT_CLEAN

FORMATS = ("table", "json", "ndjson", "csv")


def command(
    sql: Sql,
    source: SourceUri,
    who: Who,
    purpose: Purpose,
    role: Roles = [],  # noqa: B006 - typer copies it
    attr: Attributes = None,
    output_format: Annotated[str, typer.Option("--format", "-f", help=f"One of {', '.join(FORMATS)}.")] = "table",
    explain: Annotated[bool, typer.Option("--explain", help="Also print the decision and the enforced SQL.")] = False,
    reservation: Annotated[
        int | None, typer.Option("--reservation", metavar="ROW", help="Pay from what `guard budget reserve` set aside.")
    ] = None,
    config: ConfigFile = None,
) -> int:
    """Decide, enforce, run, and print the answer; the record is durable before the answer is printed.

    Exit code 1 is a denial.
    """
    check_choice(output_format, FORMATS)
    subject = subject_of(who, role, attr)
    statement = read_text(sql)
    with session(config) as g:
        result = g.query(statement, subject=subject, purpose=purpose, source=source, reservation=reservation)

    from guard.cli.answers import RENDER, as_table
    from guard.cli.privacy import as_lines, as_object

    private = result.privacy
    if output_format == "table":
        out(as_table(result.table))
    else:
        for text in RENDER[output_format](result.table, None if private is None else as_object(private)):
            answer(text)
    if private is not None and output_format != "json":
        note(as_lines(private))
    if explain:
        note(as_text(result.decision) + f"  enforced {result.enforced.sql}")
    elif output_format == "table":
        for obligation in result.decision.obligations:
            note(f"  applies  {describe(obligation)}")
        note(f"  decision {result.decision.id}, audit entry {result.entry}")
    return EXIT_CLEAN
