"""`json`: the whole report as one versioned document."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import msgspec

from guard.classify.suppress import Gate
from guard.cli.formats import OPEN, Texts, totals
from guard.model import Contradiction, FieldLabel, ScanReport

VERSION = 1


def render(report: ScanReport, name_of: Texts, gate: Gate = OPEN) -> str:
    """One JSON object with `v`, the totals, the fields and what was skipped."""
    document = {
        "v": VERSION,
        "id": report.id,
        "source": report.source,
        "started": report.started,
        "seconds": round(report.seconds, 3),
        "sample": report.sample,
        "seed": report.seed,
        **({"rate": report.rate, "confidence": report.confidence} if report.rate else {}),
        "rules_version": report.rules_version,
        "partial": report.partial,
        "cells_read": report.cells_read,
        "unchanged": report.unchanged,
        "totals": asdict(totals(report)),
        "tables": [{"name": name, "rows": rows} for name, rows in report.rows],
        "fields": [field_record(field, name_of, gate) for field in report.fields],
        "contradictions": [disagreement_record(one) for one in report.contradictions],
        **gate_record(gate),
        "skipped": [msgspec.to_builtins(skipped) for skipped in report.skipped],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def disagreement_record(one: Contradiction) -> dict[str, Any]:
    """Where a scan and the lineage disagree, as JSON; `seen` is null where the scan found the field clean."""
    return {
        "namespace": one.field.dataset.namespace,
        "dataset": one.field.dataset.name,
        "field": one.field.path,
        "kind": one.kind,
        "told": one.told.value,
        "seen": one.seen.value if one.seen else None,
        "help": one.help,
    }


def gate_record(gate: Gate) -> dict[str, Any]:
    """What is accepted no longer, what nothing needs, and what the baseline had."""
    record: dict[str, Any] = {
        "expired_suppressions": [msgspec.to_builtins(each) for each in gate.expired],
        "unused_suppressions": [msgspec.to_builtins(each) for each in gate.unused],
    }
    if gate.known is not None:
        record["absent"] = [msgspec.to_builtins(each) for each in gate.absent]
    return record


def field_record(field: FieldLabel, name_of: Texts, gate: Gate = OPEN) -> dict[str, Any]:
    """One field as JSON; a field that was not looked at says so and why."""
    record: dict[str, Any] = {
        "namespace": field.field.dataset.namespace,
        "dataset": field.field.dataset.name,
        "field": field.field.path,
        "type": field.type,
        "verdict": field.verdict,
        "looked_at": field.looked_at,
        "nulls": field.nulls,
        "distinct": field.distinct,
    }
    if field.label:
        record |= {
            "kind": field.label.kind,
            "kind_name": name_of(field.label.kind),
            "level": field.label.level,
            "state": str(field.label.state),
            "score": round(field.score, 4),
            "others": [{"kind": kind, "score": round(score, 4)} for kind, score in field.others],
        }
        if (found := gate.suppression(field)) is not None:
            record["suppressed"] = msgspec.to_builtins(found)
        if gate.known is not None and field.verdict == "sensitive":
            record["baseline"] = gate.state(field)
    if field.verdict == "clean":
        record["upper_bound"] = round(field.upper_bound, 6)
    if field.verdict == "not_scanned":
        record["reason"] = field.reason
    record["evidence"] = [
        {"source": evidence.source, "detail": evidence.detail, "weight": round(evidence.weight, 2)}
        for evidence in field.evidence
    ]
    return record
