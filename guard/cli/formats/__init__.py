"""The output formats; each is found by being here. No format ever carries a value of the scanned data."""

from __future__ import annotations

import importlib
import os.path
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from guard.classify.suppress import Gate, Suppression
from guard.errors import UsageError
from guard.model import Contradiction, Dataset, FieldLabel, ScanReport

CONTRADICTION = "lineage.contradiction"  # the rule that a contradiction breaks
Texts = Callable[[str], str]  # kind -> its name for people
OPEN = Gate()  # nothing is accepted, nothing was known


@dataclass(frozen=True, slots=True)
class Totals:
    """The numbers that keep *not looked at* apart from *clean*."""

    tables: int
    fields: int  # looked at
    sensitive: int
    unread: int  # fields not looked at
    skipped: int  # tables or files not looked at


def scan_formats() -> list[str]:
    """The names of the formats a scan report can be written in."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def check_format(format_name: str) -> None:
    """Refuses a format before the work begins, not after it.

    Raises:
        UsageError: no such format.
    """
    if format_name not in scan_formats():
        raise UsageError(f"unknown format `{format_name}`", help=f"choose one of {', '.join(scan_formats())}")


def render_scan(report: ScanReport, format_name: str, name_of: Texts, gate: Gate = OPEN) -> str:
    """The report in one of `scan_formats()`, ending with a newline.

    Raises:
        UsageError: no such format.
    """
    check_format(format_name)
    module = importlib.import_module(f"{__name__}.{format_name}")
    text: str = module.render(report, name_of, gate)
    return text if text.endswith("\n") else text + "\n"


def totals(report: ScanReport) -> Totals:
    """Counts the report."""
    unread = len(not_looked_at(report))
    return Totals(
        tables=len(report.tables),
        fields=len(report.fields) - unread,
        sensitive=len(report.sensitive),
        unread=unread,
        skipped=len(report.skipped),
    )


def summary(report: ScanReport) -> str:
    """The totals in one line."""
    count = totals(report)
    against = f", {_many(len(report.contradictions), 'contradiction')} with the lineage"
    return (
        f"{_many(count.tables, 'table')}, {_many(count.fields, 'field')} looked at, {count.sensitive} sensitive, "
        f"{_many(count.unread, 'field')} not looked at, {_many(count.skipped, 'table')} skipped"
        f"{against if report.contradictions else ''}"
        + (f"; {_many(report.unchanged, 'field')} unchanged, not read again" if report.unchanged else "")
        + (_promise(report) if report.rate else "")
    )


def _promise(report: ScanReport) -> str:
    """What a scan for a small share of cells promises, and the bound on what it calls clean."""
    bounds = [field.upper_bound for field in report.fields if field.verdict == "clean"]
    clean = f"; in a clean field at most {max(bounds):.2%} of the cells" if bounds else ""
    found = f"a kind in {report.rate} of the cells is found with probability {report.confidence:g}"
    return f"; {found} ({report.sample:,} rows a table){clean}"


def findings(report: ScanReport, gate: Gate) -> tuple[FieldLabel, ...]:
    """The findings that nobody accepted and that no baseline knows."""
    return tuple(field for field in report.sensitive if gate.counts(field))


def accepted_lines(report: ScanReport, gate: Gate) -> list[str]:
    """What was accepted, what is accepted no longer, and what the baseline had, a line each."""
    short = short_names(report)
    lines = []
    for field in report.sensitive:
        found = gate.suppression(field)
        if found is not None and field.label:
            where = f"{short(field.field.dataset)}.{field.field.path}"
            lines.append(
                f"suppressed: {where} ({field.label.kind}) until {found.expires} by {found.owner}: {found.reason}"
            )
    lines += [f"expired suppression: {expired(each)}" for each in gate.expired]
    lines += [f"unused suppression: {each.rule} for {each.target} by {each.owner}" for each in gate.unused]
    if gate.known is not None:
        states = [gate.state(field) for field in report.sensitive if gate.suppression(field) is None]
        counts = f"{states.count('new')} new, {states.count('unchanged')} known, {len(gate.absent)} no longer there"
        lines.append(f"against the baseline: {counts}")
    return lines


def expired(suppression: Suppression) -> str:
    """A suppression after its last day, in words."""
    return (
        f"{suppression.rule} for {suppression.target} ended on {suppression.expires}; {suppression.owner} accepted it:"
        f" {suppression.reason}"
    )


def not_looked_at(report: ScanReport) -> tuple[FieldLabel, ...]:
    """The fields that were not looked at."""
    return tuple(field for field in report.fields if field.verdict == "not_scanned")


def disagreement(one: Contradiction) -> str:
    """A contradiction in words."""
    seen = f"is {one.seen.value} in it" if one.seen else "was not found in it"
    return f"{one.kind} should be {one.told.value} by its lineage, and {seen}: {one.help}"


def main_evidence(field: FieldLabel, *, reasons: int) -> str:
    """The strongest reasons for a verdict, in words."""
    ordered = sorted(field.evidence, key=lambda evidence: -evidence.weight)
    return "; ".join(evidence.detail for evidence in ordered[:reasons] if evidence.weight > 0)


def short_names(report: ScanReport) -> Callable[[Dataset], str]:
    """Names for people: files without the folder that all of them share, everything else as it is."""
    paths = [field.field.dataset.name for field in report.fields if field.field.dataset.namespace == "file"]
    folders = {os.path.dirname(path) for path in paths}  # noqa: PTH120 - names of datasets, not places on this disk
    shared = os.path.commonpath(folders) if folders and all(map(os.path.isabs, folders)) else ""

    def short(dataset: Dataset) -> str:
        if shared and dataset.namespace == "file":
            return dataset.name.removeprefix(shared).removeprefix("/")
        return dataset.name

    return short


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
