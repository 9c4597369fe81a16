"""Entries as OCSF events (https://schema.ocsf.io, version 1.6): what a SIEM expects.

    query                  6005 Datastore Activity, activity 4 Query
    scan with findings     2006 Data Security Finding, activity 1 Create
    everything else        6003 API Activity: 1 Create, 2 Read, 3 Update, 4 Delete

`metadata.uid` is the log's name and the index, which finds the entry and its proof. People stay pseudonyms.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias

from guard.model import Entry

VERSION = "1.6.0"
Event: TypeAlias = "dict[str, Any]"

_ACTIVITIES = {
    1: ("anonymize",),
    2: ("scan", "decision", "classify", "lineage", "release", "reidentification"),
    3: ("config", "key", "budget"),
    4: ("erasure",),
}
_API = {kind: activity for activity, kinds in _ACTIVITIES.items() for kind in kinds}
_API_NAMES = {1: "Create", 2: "Read", 3: "Update", 4: "Delete", 99: "Other"}
_INFORMATIONAL, _MEDIUM = 1, 3
_SUCCESS, _FAILURE = 1, 2


def event(index: int, entry: Entry, *, origin: str) -> Event:
    """The event of an entry; `origin` is the log's name."""
    if entry.kind == "query":
        return _query(index, entry, origin)
    if entry.kind == "scan" and entry.body.get("kinds") and entry.body.get("state") == "done":
        return _finding(index, entry, origin)
    return _api(index, entry, origin)


def _query(index: int, entry: Entry, origin: str) -> Event:
    body = entry.body
    found = _base(index, entry, origin, 6005, 4, "Query", "Datastore Activity")
    found |= {"type_id": 1, "type": "Database", "database": _database(body), "query_info": _query_info(body)}
    tables = body.get("tables") or []
    if len(tables) == 1:
        found["table"] = {"name": tables[0]}
    return found


def _finding(index: int, entry: Entry, origin: str) -> Event:
    body = entry.body
    found = _base(index, entry, origin, 2006, 1, "Create", "Data Security Finding")
    kinds = body["kinds"]
    found |= {
        "severity_id": _MEDIUM,
        "severity": "Medium",
        "finding_info": {
            "uid": str(body.get("scan", index)),
            "title": f"{sum(kinds.values())} sensitive fields of {len(kinds)} kinds",
            "types": sorted(kinds),
            "created_time": _milliseconds(entry.time),
        },
        "database": _database(body),
        "resources": [{"type": "table", "name": name} for name in body.get("tables") or []],
        "data_security": {"category": "Discovery"},
        "status_id": 1,
        "status": "New",
    }
    return found


def _api(index: int, entry: Entry, origin: str) -> Event:
    body = entry.body
    activity = _API.get(entry.kind, 99)
    found = _base(index, entry, origin, 6003, activity, _API_NAMES[activity], "API Activity")
    found["api"] = {"operation": f"guard.{entry.kind}", "service": {"name": "guard"}}
    erased = [body["subject"]] if entry.kind == "erasure" and "subject" in body else []
    names = body.get("tables") or erased
    if names:
        found["resources"] = [
            {"type": "subject" if entry.kind == "erasure" else "table", "name": name} for name in names
        ]
    if body.get("outcome") == "deny":
        found |= {"severity_id": _MEDIUM, "severity": "Medium", "status_id": _FAILURE, "status": "Failure"}
        found["status_detail"] = ", ".join([*(body.get("determined_by") or []), *(body.get("gaps") or [])])[:1024]
    return found


def _base(index: int, entry: Entry, origin: str, kind: int, activity: int, activity_name: str, name: str) -> Event:
    category = kind // 1000
    return {
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": category,
        "category_name": {2: "Findings", 6: "Application Activity"}[category],
        "class_uid": kind,
        "class_name": name,
        "type_uid": kind * 100 + activity,
        "type_name": f"{name}: {activity_name}",
        "severity_id": _INFORMATIONAL,
        "severity": "Informational",
        "status_id": _SUCCESS,
        "status": "Success",
        "time": _milliseconds(entry.time),
        "metadata": {
            "version": VERSION,
            "uid": f"{origin}/{index}",
            "sequence": index,
            "log_name": origin,
            "product": {"name": "guard", "vendor_name": "guard"},
            # A time that the log refused, because it lay before an earlier entry's.
            **({"original_time": entry.claimed} if entry.claimed else {}),
        },
        "actor": {"user": {"uid": entry.actor}},
        "src_endpoint": {"name": "guard"},
        "unmapped": {
            name: entry.body[name]
            for name in ("decision", "purpose", "columns", "labels", "obligations", "determined_by", "revision")
            if entry.body.get(name)
        },
    }


def _database(body: Any) -> dict[str, Any]:
    return {"name": str(body.get("source") or "unknown"), "type_id": 99, "type": "Other"}


def _query_info(body: Any) -> dict[str, Any]:
    return {"query_string": str(body.get("sql", "")), "uid": str(body.get("fingerprint", ""))}


def _milliseconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp() * 1000)
