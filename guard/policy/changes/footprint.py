"""Which parts of the input a rule can look at, read off the compiled plan.

A rule that never looks at the labels has one answer for all of them, so a diff asks it once. What cannot be told from
the plan counts as looking at everything. The plan is OPA's IR (openpolicyagent.org, "Intermediate Representation").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

INPUT = 0  # the local that holds the input in every plan and function


class Footprints:
    """The footprints of a compiled policy."""

    def __init__(self, ir: Mapping[str, Any]) -> None:
        self._strings = [item["value"] for item in ir["static"]["strings"]]
        self._functions = {item["name"]: item["blocks"] for item in ir.get("funcs", {}).get("funcs", ())}
        self._plans = {item["name"]: item["blocks"] for item in ir["plans"]["plans"]}
        self._own: dict[str, tuple[frozenset[str] | None, frozenset[str]]] = {}

    def of(self, plan: str) -> frozenset[str] | None:
        """The keys of the input that an entry point may read; None for all."""
        read, callees = self._scan(self._plans[plan])
        found = set(read or ())
        waiting, seen = list(callees), set(callees)
        while waiting:
            if read is None:
                return None
            name = waiting.pop()
            if name not in self._functions:
                continue  # a builtin
            if name not in self._own:
                self._own[name] = self._scan(self._functions[name])
            read, more = self._own[name]
            found |= read or set()
            waiting += more - seen
            seen |= more
        return None if read is None else frozenset(found)

    def _scan(self, blocks: Any) -> tuple[frozenset[str] | None, frozenset[str]]:
        """What these blocks read by themselves, and what they call."""
        found: set[str] = set()
        callees: set[str] = set()
        aliases = {INPUT}
        for kind, statement in _statements(blocks):
            if kind in {"WithStmt", "CallDynamicStmt"}:
                return None, frozenset()
            if kind == "AssignVarStmt" and _local(statement["source"]) in aliases:
                aliases.add(statement["target"])
            elif kind == "DotStmt" and _local(statement["source"]) in aliases:
                key = statement["key"]
                if key["type"] != "string_index":
                    return None, frozenset()
                found.add(self._strings[key["value"]])
            elif kind == "CallStmt":
                callees.add(statement["func"])
                # A rule is handed the input as its first argument; anything else that takes it may look at all of it.
                handed = statement["args"][1 if statement["func"] in self._functions else 0 :]
                if any(_local(one) in aliases for one in handed):
                    return None, frozenset()
            elif any(local in aliases for local in _locals(statement)):
                return None, frozenset()
        return frozenset(found), frozenset(callees)


def _statements(node: Any) -> Iterator[tuple[str, Any]]:
    """Every statement, those of inner blocks too; what holds blocks is given without them."""
    stack = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            if "stmt" in item and "type" in item:
                inner = item["stmt"]
                yield item["type"], {key: value for key, value in inner.items() if key not in {"block", "blocks"}}
                stack.extend(inner[key] for key in ("block", "blocks") if key in inner)
            else:
                stack.extend(reversed(list(item.values())))


def _local(operand: Any) -> int | None:
    if isinstance(operand, int) and not isinstance(operand, bool):
        return operand
    if isinstance(operand, dict) and operand.get("type") == "local":
        found: int = operand["value"]
        return found
    return None


def _locals(statement: Mapping[str, Any]) -> Iterator[int]:
    """The locals that a statement reads, as far as its fields can tell; a target is none."""
    for name, value in statement.items():
        if name in {"target", "file", "row", "col", "index", "result", "capacity"}:
            continue
        local = _local(value)
        if local is not None:
            yield local
