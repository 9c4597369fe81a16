"""How rules combine, as plainly as possible: what `guard.policy.decide` is held to.

Input is what the rules said, already well-formed: triples of (rule, set, item). Nothing here is fast or clever.
"""

from __future__ import annotations

import json
from typing import Any


def outcome(said: list[tuple[str, str, dict[str, Any]]], modes: dict[str, str], errs: set[str], gaps: int) -> str:
    """Allow only when some rule allows, none denies, none errs and nothing is unknown."""
    deciding = [(rule, name) for rule, name, _ in said if modes[rule] == "enforce"]
    if any(name == "deny" for _, name in deciding):
        return "deny"
    if any(modes[rule] == "enforce" for rule in errs):
        return "deny"
    if gaps > 0:
        return "deny"
    if not any(name == "allow" for _, name in deciding):
        return "deny"
    return "allow"


def masks(
    said: list[tuple[str, str, dict[str, Any]]], modes: dict[str, str], columns: dict[str, list[str]]
) -> dict[str, tuple[str, str]]:
    """column -> (transform, rule): the strongest; then the first by rule id, transform, parameters."""
    result = {}
    for label_set, names in columns.items():
        rivals = [
            (rule, item)
            for rule, name, item in said
            if name == "mask" and modes[rule] == "enforce" and item["label_set"] == label_set
        ]
        for column in names:
            if rivals:
                strongest = max(item["strength"] for _, item in rivals)
                best = [(rule, item) for rule, item in rivals if item["strength"] == strongest]
                best.sort(key=lambda pair: (pair[0], pair[1]["transform"], _text(pair[1]["params"])))
                result[column] = (best[0][1]["transform"], best[0][0])
    return result


def row_filters(said: list[tuple[str, str, dict[str, Any]]], modes: dict[str, str]) -> set[tuple[str, str, str]]:
    """(table, predicate, rule): all of them hold."""
    return {
        (item["table"], _text(item["predicate"]), rule)
        for rule, name, item in said
        if name == "row_filter" and modes[rule] == "enforce"
    }


def limits(said: list[tuple[str, str, dict[str, Any]]], modes: dict[str, str]) -> tuple[int | None, int | None]:
    """(minimum group, maximum rows): the largest group, the fewest rows."""
    items = [item for rule, name, item in said if name == "limit" and modes[rule] == "enforce"]
    groups = [item["size"] for item in items if item["type"] == "minimum_group"]
    rows = [item["rows"] for item in items if item["type"] == "max_rows"]
    return (max(groups) if groups else None, min(rows) if rows else None)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
