"""`guard classify`: what a text holds, without any database."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from guard.cli.options import ConfigFile, Language, NamesIn, check_choice, read_text
from guard.cli.session import session
from guard.cli.tables import render_table
from guard.cli.terminal import answer, out
from guard.errors import EXIT_CLEAN, EXIT_FINDINGS


def command(
    text: Annotated[str, typer.Argument(help="The text; `-` reads standard input, `@FILE` a file.")],
    output_format: Annotated[str, typer.Option("--format", "-f", help="table or json.")] = "table",
    language: NamesIn = Language.EN,
    config: ConfigFile = None,
) -> int:
    """Find sensitive kinds in a text; prints positions, never the values. Exit code 1 means something sensitive was
    found; a date or the name of a place alone is none."""
    check_choice(output_format, ("table", "json"))
    content = read_text(text)
    with session(config) as g:
        findings = g.classify_text(content)
        names = {found.kind: g.kind_name(found.kind, language.value) for found in findings}
        sensitive = any(g.kind_is_sensitive(found.kind) for found in findings)
    if output_format == "json":
        records = [
            {
                "kind": found.kind,
                "kind_name": names[found.kind],
                "start": found.start,
                "end": found.end,
                "score": round(found.score, 4),
            }
            for found in findings
        ]
        answer(json.dumps({"v": 1, "findings": records}, ensure_ascii=False, indent=2) + "\n")
    elif findings:
        rows = [
            (names[found.kind], found.kind, f"{found.start}-{found.end}", f"{found.score:.2f}") for found in findings
        ]
        out(render_table(("what it is", "kind", "characters", "score"), rows))
    else:
        out(f"nothing sensitive found in {len(content)} character{'s' * (len(content) != 1)}\n")
    return EXIT_FINDINGS if sensitive else EXIT_CLEAN
