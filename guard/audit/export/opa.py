"""Decisions as records of OPA's decision log (openpolicyagent.org, "Decision Logs"), for tools that read those."""

from __future__ import annotations

from typing import Any

from guard.model import Entry

PATH = "guard/decision"


def record(index: int, entry: Entry, *, origin: str) -> dict[str, Any] | None:
    """The record of an entry that holds a decision; None for any other."""
    if entry.kind not in {"decision", "query"}:
        return None
    body = entry.body
    return {
        "labels": {"app": "guard", "id": origin, "engine": str(body.get("engine", ""))},
        "decision_id": str(body.get("decision", "")),
        "bundles": {"guard": {"revision": str(body.get("revision", ""))}},
        "path": PATH,
        "input": {
            "subject": {"id": entry.actor},
            "purpose": body.get("purpose", ""),
            "source": body.get("source", ""),
            "tables": body.get("tables", []),
            "columns": body.get("columns", []),
        },
        # The log holds neither the subject's name nor its attributes: OPA's own way to say so.
        "erased": ["/input/subject/attributes", "/input/subject/roles"],
        "masked": ["/input/subject/id"],
        "result": {
            "allow": body.get("outcome") == "allow",
            "determined_by": body.get("determined_by", []),
            "errored": body.get("errored", []),
            "gaps": body.get("gaps", []),
            "obligations": body.get("obligations", []),
        },
        "requested_by": entry.actor,
        "timestamp": entry.time,
        "req_id": index,
    }
