"""`junit`: a test case a field, so that a build server shows sensitive fields as failures."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from guard.classify.suppress import Gate
from guard.cli.formats import CONTRADICTION, OPEN, Texts, disagreement, expired, findings, not_looked_at
from guard.cli.terminal import cell
from guard.model import ScanReport


def render(report: ScanReport, name_of: Texts, gate: Gate = OPEN) -> str:
    """Sensitive fields fail, fields that were not looked at are skipped with a reason, skipped tables are errors."""
    counts = {
        "tests": str(len(report.fields) + len(report.skipped) + len(gate.expired) + len(report.contradictions)),
        "failures": str(len(findings(report, gate)) + len(gate.expired) + len(report.contradictions)),
        "errors": str(len(report.skipped)),
        "time": f"{report.seconds:.3f}",
    }
    suites = ET.Element("testsuites", {"name": "guard scan", **counts})
    accepted = sum(gate.suppression(field) is not None for field in report.sensitive)
    about = {"skipped": str(len(not_looked_at(report)) + accepted), "timestamp": report.started}
    suite = ET.SubElement(suites, "testsuite", {"name": _text(f"guard scan {report.source}"), **counts, **about})
    for field in report.fields:
        case = _case(suite, field.field.dataset.name, field.field.path)
        if (found := gate.suppression(field)) is not None and field.verdict == "sensitive":
            text = f"suppressed until {found.expires} by {found.owner}: {found.reason}"
            ET.SubElement(case, "skipped", message=_text(text))
        elif field.label and field.verdict == "sensitive" and gate.counts(field):
            text = f"{name_of(field.label.kind)}, level {field.label.level}, score {field.score:.3f}"
            ET.SubElement(case, "failure", message=_text(text), type=field.label.kind)
        elif field.verdict == "not_scanned":
            ET.SubElement(case, "skipped", message=_text(field.reason))
    for one in report.contradictions:
        case = _case(suite, one.field.dataset.name, f"{one.field.path} (lineage)")
        ET.SubElement(case, "failure", message=_text(disagreement(one)), type=CONTRADICTION)
    for skipped in report.skipped:
        case = _case(suite, skipped.name, "(table)")
        ET.SubElement(case, "error", message=_text(skipped.reason), type="not-looked-at")
    for each in gate.expired:
        case = _case(suite, "suppressions", f"{each.rule} {each.target}")
        ET.SubElement(case, "failure", message=_text(expired(each)), type="expired-suppression")
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode")


def _case(suite: ET.Element, classname: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=_text(classname), name=_text(name))


def _text(text: str) -> str:
    # XML 1.0 has no spelling for most control characters (section 2.2), and names come from the data.
    return cell(text).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
