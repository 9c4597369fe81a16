"""`junit`: a test case a field, so that a build server shows sensitive fields as failures."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from guard.cli.formats import CONTRADICTION, Texts, disagreement, not_looked_at
from guard.cli.terminal import cell
from guard.model import ScanReport


def render(report: ScanReport, name_of: Texts) -> str:
    """Sensitive fields fail, fields that were not looked at are skipped with a reason, skipped tables are errors."""
    counts = {
        "tests": str(len(report.fields) + len(report.skipped) + len(report.contradictions)),
        "failures": str(len(report.sensitive) + len(report.contradictions)),
        "errors": str(len(report.skipped)),
        "time": f"{report.seconds:.3f}",
    }
    suites = ET.Element("testsuites", {"name": "guard scan", **counts})
    about = {"skipped": str(len(not_looked_at(report))), "timestamp": report.started}
    suite = ET.SubElement(suites, "testsuite", {"name": _text(f"guard scan {report.source}"), **counts, **about})
    for field in report.fields:
        case = _case(suite, field.field.dataset.name, field.field.path)
        if field.label:
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
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode")


def _case(suite: ET.Element, classname: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=_text(classname), name=_text(name))


def _text(text: str) -> str:
    # XML 1.0 has no spelling for most control characters (section 2.2), and names come from the data.
    return cell(text).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
