"""`ndjson`: one field a line, for streams; the last line holds the totals."""

from __future__ import annotations

import json
from dataclasses import asdict

from guard.classify.suppress import Gate
from guard.cli.formats import OPEN, Texts, summary, totals
from guard.cli.formats.json import VERSION, disagreement_record, field_record, gate_record
from guard.model import ScanReport


def render(report: ScanReport, name_of: Texts, gate: Gate = OPEN) -> str:
    """A line a field, a skipped table, a contradiction, then the summary; `record` says which."""
    lines = [{"v": VERSION, "record": "field", **field_record(field, name_of, gate)} for field in report.fields]
    lines += [
        {"v": VERSION, "record": "skipped", "table": skipped.name, "reason": skipped.reason}
        for skipped in report.skipped
    ]
    lines += [{"v": VERSION, "record": "contradiction", **disagreement_record(one)} for one in report.contradictions]
    for key, items in gate_record(gate).items():
        lines += [{"v": VERSION, "record": key.removesuffix("s"), **item} for item in items]
    last = {"partial": report.partial, "totals": asdict(totals(report)), "text": summary(report)}
    lines.append({"v": VERSION, "record": "summary", "id": report.id, "source": report.source, **last})
    return "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
