"""Answers that are rows: as lines for people, as JSON, and as CSV that a spreadsheet can open safely."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

from guard.lineage.render import inert
from guard.model import Value


class Report(Value, frozen=True):
    """Rows under names; `notes` say what the reader must know, such as what could not be told.

    An answer without rows says in `empty` what that means: what was looked at, and what cannot be known from it.
    """

    title: str
    columns: tuple[str, ...]
    empty: str
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()


def text(report: Report) -> str:
    """Aligned columns, then the notes."""
    lines = [report.title]
    if report.rows:
        widths = [max(len(row[at]) for row in (report.columns, *report.rows)) for at in range(len(report.columns))]
        lines += [
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (report.columns, *report.rows)
        ]
    else:
        lines.append(f"  {report.empty}")
    return "\n".join([*lines, *(f"note: {note}" for note in report.notes)]) + "\n"


def as_json(report: Report) -> str:
    """One object, version 1; each row is an object by column."""
    rows = [dict(zip(report.columns, row, strict=True)) for row in report.rows]
    document = {"v": 1, "title": report.title, "rows": rows, "notes": list(_notes(report))}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def as_csv(report: Report) -> str:
    """A header and the rows; notes follow as rows whose first cell says so."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(report.columns)
    writer.writerows([inert(cell) for cell in row] for row in report.rows)
    writer.writerows([["# note", inert(note)] for note in _notes(report)])
    return out.getvalue()


def _notes(report: Report) -> tuple[str, ...]:
    return report.notes if report.rows else (report.empty, *report.notes)


FORMATS: dict[str, Callable[[Report], str]] = {"table": text, "json": as_json, "csv": as_csv}
