"""`markdown`: a table for a merge request or a wiki page."""

from __future__ import annotations

import re

from guard.classify.suppress import Gate
from guard.cli.formats import (
    OPEN,
    Texts,
    accepted_lines,
    disagreement,
    findings,
    main_evidence,
    not_looked_at,
    short_names,
    summary,
)
from guard.cli.terminal import cell
from guard.model import ScanReport

# Names come from the data: nothing in them may become a link, a heading, HTML or another column.
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~@&:])")


def render(report: ScanReport, name_of: Texts, gate: Gate = OPEN) -> str:
    """The sensitive fields, then what was not looked at, then the summary."""
    short = short_names(report)
    lines = [f"# Scan of {_plain(report.source)}", "", summary(report)]
    shown = findings(report, gate)
    if shown:
        lines += ["", "| table | field | kind | level | score | main evidence |", "|---|---|---|---|---|---|"]
    for field in shown:
        assert field.label is not None
        cells = (
            short(field.field.dataset),
            field.field.path,
            f"{name_of(field.label.kind)} ({field.label.kind})",
            str(field.label.level),
            f"{field.score:.3f}",
            main_evidence(field, reasons=1),
        )
        lines.append("| " + " | ".join(map(_plain, cells)) + " |")
    if report.contradictions:
        lines += ["", "## Contradicts the lineage", ""]
        lines += [
            f"- {_plain(short(one.field.dataset))}.{_plain(one.field.path)}: {_plain(disagreement(one))}"
            for one in report.contradictions
        ]
    accepted = accepted_lines(report, gate)
    if accepted:
        lines += ["", "## Accepted", "", *(f"- {_plain(line)}" for line in accepted)]
    unread = not_looked_at(report)
    if unread or report.skipped:
        lines += ["", "## Not looked at", ""]
        lines += [
            f"- {_plain(short(one.field.dataset))}.{_plain(one.field.path)}: {_plain(one.reason)}" for one in unread
        ]
        lines += [f"- {_plain(skipped.name)}: {_plain(skipped.reason)}" for skipped in report.skipped]
    return "\n".join(lines)


def _plain(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", cell(text))
