"""`guard write SQL`: change a source as somebody, within what that person may change."""

from __future__ import annotations

from typing import Annotated

import typer

from guard.cli.decisions import as_text, describe
from guard.cli.options import Attributes, ConfigFile, Purpose, Roles, SourceUri, Sql, Who, read_text, subject_of
from guard.cli.session import session
from guard.cli.terminal import note, out
from guard.errors import EXIT_CLEAN


def command(
    sql: Sql,
    source: SourceUri,
    who: Who,
    purpose: Purpose,
    role: Roles = [],  # noqa: B006 - typer copies it
    attr: Attributes = None,
    explain: Annotated[bool, typer.Option("--explain", help="Also print the decision and the enforced SQL.")] = False,
    config: ConfigFile = None,
) -> int:
    """Decide, enforce, record, and change the source; it must stand in `writes.sources` of the configuration.

    Exit code 1 is a denial.
    """
    subject = subject_of(who, role, attr)
    statement = read_text(sql)
    with session(config) as g:
        result = g.write(statement, subject=subject, purpose=purpose, source=source)

    from guard.cli.answers import as_table

    if result.table is not None:
        out(as_table(result.table))
    if result.rows is not None:
        out(f"{result.rows} row{'' if result.rows == 1 else 's'} written")
    if explain:
        note(as_text(result.decision) + f"  enforced {result.enforced.sql}")
    for obligation in result.decision.obligations:
        note(f"  applies  {describe(obligation)}")
    note(f"  decision {result.decision.id}, audit entry {result.entry}")
    return EXIT_CLEAN
