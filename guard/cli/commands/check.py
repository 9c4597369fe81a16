"""`guard check SQL`: may this person run this query for this purpose?"""

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
from guard.cli.terminal import answer, out
from guard.errors import EXIT_CLEAN, EXIT_FINDINGS


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
    """Decide and say why, without running anything. Exit code 1 is a denial."""
    check_choice(output_format, ("text", "json"))
    subject = subject_of(who, role, attr)
    statement = read_text(sql)
    with session(config) as g:
        decision = g.check(statement, subject=subject, purpose=purpose, source=source)
    if output_format == "json":
        answer(as_json(decision))
    else:
        out(as_text(decision))
    return EXIT_CLEAN if decision.allowed else EXIT_FINDINGS
