"""`sarif`: SARIF 2.1.0, so that code hosts show sensitive fields as findings.

Reference: OASIS Static Analysis Results Interchange Format 2.1.0, sections 3.13 (log), 3.20 (invocation), 3.27
(result), 3.28 (location), 3.33 (logicalLocation). A field is a logical location; a field of a file has the file
as its physical location too, which some code hosts ask for.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from guard import __version__
from guard.classify.suppress import Gate, Known, Suppression
from guard.cli.formats import CONTRADICTION, OPEN, Texts, disagreement, expired, not_looked_at
from guard.model import Contradiction, Dataset, FieldLabel, FieldRef, ScanReport

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
EXPIRED = "guard.expired_suppression"
LEVELS = {1: "note", 2: "note", 3: "warning", 4: "error", 5: "error"}


def render(report: ScanReport, name_of: Texts, gate: Gate = OPEN) -> str:
    """One run: a rule for each kind found, a result for each sensitive field, a notification for all not looked at."""
    labelled = [(field, field.label) for field in report.sensitive if field.label]
    kinds = sorted({label.kind for _, label in labelled})
    rules = [(kind, name_of(kind)) for kind in kinds]
    if report.contradictions:
        rules.append((CONTRADICTION, "a scan saw otherwise than the lineage says"))
    run = {
        "tool": {
            "driver": {
                "name": "guard",
                "version": __version__,
                "rules": [
                    *({"id": kind, "shortDescription": {"text": text}} for kind, text in rules),
                    *([{"id": EXPIRED, "shortDescription": {"text": "expired suppression"}}] if gate.expired else []),
                ],
            }
        },
        # The part before the last slash is the category that code hosts compare runs by (section 3.17.3).
        "automationDetails": {"id": f"guard/scan/{_digest(report.source)[:16]}/{report.id}"},
        "invocations": [
            {
                "executionSuccessful": not report.partial,
                **({"startTimeUtc": report.started} if report.started else {}),
                "toolExecutionNotifications": _not_looked_at(report),
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [
            *(_result(field, kinds, name_of, gate) for field, _ in labelled),
            *(_expired(each, len(rules)) for each in gate.expired),
            *(_against(one, len(kinds)) for one in report.contradictions),
            *(_absent(each) for each in gate.absent),
        ],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2)


def _result(field: FieldLabel, kinds: list[str], name_of: Texts, gate: Gate) -> dict[str, Any]:
    assert field.label is not None
    place = _place(field)
    mark = _digest(f"{field.label.kind}\n{field.field.dataset.namespace}\n{place}")
    return {
        "ruleId": field.label.kind,
        "ruleIndex": kinds.index(field.label.kind),
        "level": LEVELS[field.label.level],
        "message": {"text": f"{place} holds {name_of(field.label.kind)} (level {field.label.level})"},
        "locations": [_location(field.field)],
        "partialFingerprints": {"guard/v1": mark},
        "rank": round(field.score * 100, 1),
        "properties": {"level": field.label.level, "state": str(field.label.state)},
        **({"baselineState": gate.state(field)} if gate.known is not None else {}),
        **({"suppressions": [_suppression(found)]} if (found := gate.suppression(field)) is not None else {}),
    }


def _suppression(found: Suppression) -> dict[str, Any]:
    """Section 3.35; `external` says that it stands in a file of its own, not in the source."""
    about = {"owner": found.owner, "expires": found.expires, "rule": found.rule, "target": found.target}
    return {"kind": "external", "status": "accepted", "justification": found.reason, "properties": about}


def _expired(found: Suppression, index: int) -> dict[str, Any]:
    mark = _digest(f"{EXPIRED}\n{found.rule}\n{found.target}\n{found.expires}")
    return {
        "ruleId": EXPIRED,
        "ruleIndex": index,
        "level": "error",
        "message": {"text": f"a suppression has expired: {expired(found)}"},
        "locations": [{"logicalLocations": [{"fullyQualifiedName": found.target, "kind": "member"}]}],
        "partialFingerprints": {"guard/v1": mark},
    }


def _absent(known: Known) -> dict[str, Any]:
    """A finding of the baseline that is no longer there (section 3.27.24)."""
    return {
        "ruleId": known.kind,
        "level": "none",
        "kind": "pass",
        "message": {"text": f"{known.field} no longer holds it"},
        "locations": [{"logicalLocations": [{"fullyQualifiedName": known.field, "kind": "member"}]}],
        "partialFingerprints": {"guard/baseline": known.fingerprint},
        "baselineState": "absent",
    }


def _against(one: Contradiction, index: int) -> dict[str, Any]:
    place = _place(one)
    return {
        "ruleId": CONTRADICTION,
        "ruleIndex": index,
        "level": "error",
        "message": {"text": f"{place}: {disagreement(one)}"},
        "locations": [_location(one.field)],
        "partialFingerprints": {
            "guard/v1": _digest(f"{CONTRADICTION}\n{one.kind}\n{one.field.dataset.namespace}\n{place}")
        },
        "rank": 100.0,
    }


def _location(field: FieldRef) -> dict[str, Any]:
    place = f"{field.dataset.name}.{field.path}"
    logical = [{"name": field.path, "fullyQualifiedName": place, "kind": "member"}]
    return {**_physical(field.dataset), "logicalLocations": logical}


def _not_looked_at(report: ScanReport) -> list[dict[str, Any]]:
    texts = [f"{_place(field)} was not looked at: {field.reason}" for field in not_looked_at(report)]
    texts += [f"{skipped.name} was not looked at: {skipped.reason}" for skipped in report.skipped]
    return [{"level": "error", "message": {"text": text}} for text in texts]


def _place(field: FieldLabel | Contradiction) -> str:
    return f"{field.field.dataset.name}.{field.field.path}"


def _physical(dataset: Dataset) -> dict[str, Any]:
    path = Path(dataset.name)
    if dataset.namespace != "file" or not path.is_absolute():
        return {}
    here = Path.cwd()
    # Code hosts match relative addresses with the files of the checkout in which the scan ran.
    uri = Path(path.relative_to(here)).as_posix() if path.is_relative_to(here) else path.as_uri()
    return {"physicalLocation": {"artifactLocation": {"uri": _escaped(uri)}}}


def _escaped(uri: str) -> str:
    from urllib.parse import quote

    return uri if uri.startswith("file:") else quote(uri)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
