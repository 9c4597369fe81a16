"""`table`: what a person reads on a terminal."""

from __future__ import annotations

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
from guard.cli.tables import render_table
from guard.cli.terminal import cell
from guard.model import ScanReport

HEADER = ("table", "field", "what it is", "kind", "level", "score", "because")


def render(report: ScanReport, name_of: Texts, gate: Gate = OPEN) -> str:
    """The sensitive fields with their main evidence, what was not looked at, and the summary."""
    short = short_names(report)
    rows = [
        (
            short(field.field.dataset),
            field.field.path,
            name_of(field.label.kind),
            field.label.kind,
            str(field.label.level),
            f"{field.score:.2f}",
            main_evidence(field, reasons=2),
        )
        for field in findings(report, gate)
        if field.label
    ]
    parts = [render_table(HEADER, rows)] if rows else []
    parts += [
        f"contradicts the lineage: {cell(f'{short(one.field.dataset)}.{one.field.path}: {disagreement(one)}')}\n"
        for one in report.contradictions
    ]
    parts += [
        f"not looked at: {cell(f'{short(field.field.dataset)}.{field.field.path}: {field.reason}')}\n"
        for field in not_looked_at(report)
    ]
    parts += [f"not looked at: {cell(f'{skipped.name}: {skipped.reason}')}\n" for skipped in report.skipped]
    parts += [f"{cell(line)}\n" for line in accepted_lines(report, gate)]
    return "".join([*parts, summary(report), "\n"])
