"""A report by a scheme, as people and programs read it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guard.cli.tables import render_table
from guard.cli.terminal import cell
from guard.errors import EXIT_CLEAN, EXIT_FINDINGS, EXIT_INCOMPLETE, EXIT_NOTHING, UsageError

if TYPE_CHECKING:
    from guard.classify.scheme_report import SchemeReport
    from guard.classify.schemes import Mapping
    from guard.classify.taxonomy import Script
    from guard.engine import Guard

VERSION = 1


def day_of(text: str) -> dt.date | None:
    """The day of `--as-of`; None for today.

    Raises:
        UsageError: it is no day.
    """
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError("`--as-of` is not a day", help="write it as 2025-10-31") from None


def with_scheme(text: str, output_format: str, report: SchemeReport, g: Guard, script: Script) -> str:
    """A rendered scan followed by the report; in JSON under `scheme`."""
    if output_format != "json":
        fence = "```" if output_format == "markdown" else ""
        return f"{text}\n{fence}\n{as_text(report, g, script)}{fence}".rstrip("\n") + "\n"
    whole = {**json.loads(text), "scheme": as_record(report, g, script)}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def exit_code(report: SchemeReport) -> int:
    """A day before the scheme was in force is nothing looked at; what it says and no row maps is a hole."""
    if not report.editions:
        return EXIT_NOTHING
    if report.gaps or report.unread:
        return EXIT_INCOMPLETE
    return EXIT_FINDINGS if report.named else EXIT_CLEAN


def as_record(report: SchemeReport, g: Guard, script: Script) -> dict[str, Any]:
    """The report as JSON."""
    return {
        "v": VERSION,
        "scheme": report.scheme,
        "as_of": report.as_of,
        "in_force": bool(report.editions),
        "editions": [{"edition": each.edition, "source": each.source} for each in report.editions],
        "fields": [
            {
                "dataset": label.field.dataset.name,
                "field": label.field.path,
                "kind": label.label.kind if label.label else "",
                "kind_name": g.kind_name(label.label.kind, script) if label.label else "",
                "says": [_row(row, script) for row in rows],
            }
            for label, rows in report.named
        ],
        "counts": [
            {
                "dataset": each.table,
                "rows": each.rows,
                "clause": each.count.clause,
                "effect": each.count.effect.of(script),
            }
            for each in report.counted
        ],
        "rows_unknown": list(report.unknown_rows),
        "not_named": [f"{label.field.dataset.name}.{label.field.path}" for label in report.unnamed],
        "not_looked_at": [f"{label.field.dataset.name}.{label.field.path}" for label in report.unread],
        "gaps": [gap.of(script) for gap in report.gaps],
    }


def as_text(report: SchemeReport, g: Guard, script: Script) -> str:
    """The report for a terminal; its words come from `rules/texts`."""
    say = _words(g, script)
    lines: list[str] = [f"{report.scheme}, {say('as_of')} {report.as_of}: "]
    if not report.editions:
        return f"{lines[0]}{say('not_in_force')}\n"
    lines[0] += "; ".join(each.edition for each in report.editions)
    header = tuple(say(key) for key in ("field", "what", "category", "clause", "level", "sensitive"))
    rows = [
        (
            f"{label.field.dataset.name}.{label.field.path}",
            g.kind_name(label.label.kind, script) if label.label else "",
            row.category(script) + (f" ({say('only_if')} {row.predicate})" if row.predicate else ""),
            row.clause,
            row.letter or (str(row.level) if row.level else ""),
            say("yes") if row.sensitive else "",
        )
        for label, found in report.named
        for row in found
    ]
    lines.append(render_table(header, rows).rstrip() if rows else say("nothing"))
    if report.counted or report.unknown_rows:
        lines += ["", f"{say('counts')}:"]
        lines += [
            cell(f"  {each.table} ({each.rows}): {each.count.effect.of(script)} [{each.count.clause}]")
            for each in report.counted
        ]
        lines += [cell(f"  {table} ({say('unknown_rows')})") for table in report.unknown_rows]
    for key, labels in (("unnamed", report.unnamed), ("unread", report.unread)):
        if labels:
            lines += ["", f"{say(key)}: {len(labels)}"]
            lines += [cell(f"  {label.field.dataset.name}.{label.field.path}") for label in labels]
    if report.gaps:
        lines += ["", f"{say('gaps')}:", *(f"  {gap.of(script)}" for gap in report.gaps)]
    return "\n".join(lines) + "\n"


def _row(row: Mapping, script: Script) -> dict[str, Any]:
    return {
        "edition": row.edition,
        "clause": row.clause,
        "category": row.category(script),
        "sensitive": row.sensitive,
        "level": row.level,
        "letter": row.letter,
        "modal": row.modal,
        "only_if": row.predicate,
        "source": row.source,
        "certainty": row.certainty,
    }


def _words(g: Guard, script: Script) -> Callable[[str], str]:
    from guard.classify.scheme_report import texts
    from guard.config import default_rules

    folder: Path = g.parts.rules / "texts"
    known = texts(folder if folder.is_dir() else default_rules() / "texts")  # a pack may have none of its own
    return lambda key: known[key].of(script)
