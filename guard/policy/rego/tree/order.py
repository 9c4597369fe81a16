"""The order in which OPA lists the members of sets and the keys of objects in a tree."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from guard.policy.rego.tree.cursor import Node

RANKS: Final = {
    "null": 0,
    "boolean": 1,
    "number": 2,
    "string": 3,
    "var": 4,
    "ref": 5,
    "array": 6,
    "object": 7,
    "set": 8,
    "arraycomprehension": 9,
    "objectcomprehension": 10,
    "setcomprehension": 11,
    "call": 12,
    "templatestring": 13,
}


def order(term: Node) -> tuple[Any, ...]:
    """A key by which terms stand in OPA's order of values."""
    rank, value = RANKS[term["type"]], term["value"]
    if term["type"] in {"ref", "array", "set", "call"}:
        return (rank, *[order(item) for item in value])
    if term["type"] == "object":
        return (rank, *[(order(key), order(item)) for key, item in value])
    if isinstance(value, dict):
        return (rank, json.dumps(value, sort_keys=True, default=str))
    return (rank, value)


def sorted_members(members: Sequence[Node]) -> list[Node]:
    """In order, each once."""
    found = {order(member): member for member in reversed(members)}
    return sorted(found.values(), key=order)


def sorted_pairs(pairs: Sequence[list[Node]]) -> list[list[Node]]:
    """In the order of the keys; OPA keeps a key that stands there twice."""
    return sorted(pairs, key=lambda pair: order(pair[0]))
