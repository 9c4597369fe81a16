"""`guard classify`: what a text holds, without any database; or what a scheme says of what scans found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from guard.cli.options import AsOf, ConfigFile, Language, NamesIn, Scheme, check_choice, read_text
from guard.cli.schemes import as_record, as_text, day_of, exit_code
from guard.cli.session import recorded, session
from guard.cli.tables import render_table
from guard.cli.terminal import answer, cell, note, out
from guard.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_INCOMPLETE, UsageError
from guard.model import Dataset, FieldLabel, FieldRef, Finding, Label


def command(
    text: Annotated[
        str | None,
        typer.Argument(
            help="The text; `-` reads standard input, `@FILE` a file; a .docx, .xlsx, .pptx or .pdf. "
            "With --scheme and no text: all fields."
        ),
    ] = None,
    scheme: Scheme = "",
    as_of: AsOf = "",
    output_format: Annotated[str, typer.Option("--format", "-f", help="table or json.")] = "table",
    language: NamesIn = Language.EN,
    config: ConfigFile = None,
) -> int:
    """Find sensitive kinds in a text or a document; prints positions, never the values. Exit code 1 means something
    sensitive was found; a date or the name of a place alone is none. 4: a page of a document holds no text.

    With `--scheme` the answer is in the categories and levels of a law or standard, as of a day; without a text it is
    about all fields that scans found. Exit code 3 then means that the scheme was not in force on that day, 4 that it
    says something that the rule pack does not map, or that a field was not looked at.
    """
    check_choice(output_format, ("table", "json"))
    day = day_of(as_of)
    if text is None:
        if not scheme:
            raise UsageError("missing argument `TEXT`", help="give a text, or --scheme for what scans found")
        with recorded(config) as g:
            report = g.scheme_report(scheme, as_of=day)
            if output_format == "json":
                answer(json.dumps(as_record(report, g, language.value), ensure_ascii=False, indent=2) + "\n")
            else:
                out(as_text(report, g, language.value))
        return exit_code(report)
    document = _document(text)
    content = "" if document else _content(text)
    with session(config) as g:
        placed, unread = g.classify_document(document) if document else ([], "")
        findings = [found for _, found in placed] if document else g.classify_text(content)
        names = {found.kind: g.kind_name(found.kind, language.value) for found in findings}
        sensitive = any(g.kind_is_sensitive(found.kind) for found in findings)
        said = ""
        record = None
        if scheme:
            report = g.scheme_report(scheme, as_of=day, labels=_labels(findings, g.levels))
            said, record = as_text(report, g, language.value), as_record(report, g, language.value)
    if output_format == "json":
        records = [
            {
                "kind": found.kind,
                "kind_name": names[found.kind],
                "start": found.start,
                "end": found.end,
                "score": round(found.score, 4),
                **({"place": placed[number][0]} if document else {}),
            }
            for number, found in enumerate(findings)
        ]
        whole = {
            "v": 1,
            "findings": records,
            **({"unread": unread} if document else {}),
            **({"scheme": record} if record else {}),
        }
        answer(json.dumps(whole, ensure_ascii=False, indent=2) + "\n")
    elif findings:
        rows = [
            (
                *((cell(placed[number][0]),) if document else ()),
                names[found.kind],
                found.kind,
                f"{found.start}-{found.end}",
                f"{found.score:.2f}",
            )
            for number, found in enumerate(findings)
        ]
        header = (*(("place",) if document else ()), "what it is", "kind", "characters", "score")
        out(render_table(header, rows) + (f"\n{said}" if said else ""))
    elif document:
        out(f"nothing sensitive found in {document.name}\n")
    else:
        out(f"nothing sensitive found in {len(content)} character{'s' * (len(content) != 1)}\n")
    if unread:
        note(f"not looked at: {unread}")
        return EXIT_INCOMPLETE
    return EXIT_FINDINGS if sensitive else EXIT_CLEAN


def _document(text: str) -> Path | None:
    """The Office or PDF file that an argument names, with or without `@`."""
    from guard.sources.documents import is_document

    path = Path(text.removeprefix("@"))
    try:
        return path if is_document(path) and path.is_file() else None
    except (OSError, ValueError):  # as in `_content`
        return None


def _content(text: str) -> str:
    """The text that an argument stands for; the bare name of a file is a slip, and would read as clean.

    Raises:
        UsageError: it names a file, or the file behind `@` cannot be read.
    """
    try:
        slip = Path(text).is_file()
    except (OSError, ValueError):  # longer than a name can be, or with a null character
        slip = False
    if slip:
        cure = f"write `guard classify @{text}` for its text, or `guard scan {text}` for its columns"
        raise UsageError(f"`{text}` is a file, and its name alone would be looked at", help=cure)
    return read_text(text)


def _labels(findings: list[Finding], levels: dict[str, int]) -> tuple[FieldLabel, ...]:
    """Findings as fields, so that a scheme says of them what it says of columns."""
    kinds = dict.fromkeys(found.kind for found in findings)
    here = Dataset("text", "text")
    return tuple(FieldLabel(FieldRef(here, kind), "sensitive", Label(kind, levels[kind])) for kind in kinds)
