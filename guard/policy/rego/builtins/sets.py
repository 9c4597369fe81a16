"""Operators on sets. The difference is `minus`, in `arithmetic`."""

from __future__ import annotations

from typing import Any

from guard.policy.rego.builtins.registry import builtin, wrong_element
from guard.policy.rego.values import Value, unembed


@builtin("and", "set", "set")
def and_(a: set[Any], b: set[Any]) -> set[Any]:
    """The elements in both."""
    return a & b


@builtin("or", "set", "set")
def or_(a: set[Any], b: set[Any]) -> set[Any]:
    """The elements in either."""
    return a | b


@builtin("set_diff", "set", "set")
def set_diff(a: set[Any], b: set[Any]) -> set[Any]:
    """The elements of a that are not in b (deprecated in Rego v1)."""
    return a - b


def _sets(name: str, collection: set[Any]) -> list[set[Any]]:
    found: list[Value] = [unembed(item) for item in collection]
    for item in found:
        if type(item) is not set:
            raise wrong_element(name, 1, "set", "set", item)
    return found


@builtin("intersection", "set")
def intersection(collection: set[Any]) -> set[Any]:
    """The elements in every set of a set of sets."""
    found = _sets("intersection", collection)
    return set.intersection(*found) if found else set()


@builtin("union", "set")
def union(collection: set[Any]) -> set[Any]:
    """The elements in any set of a set of sets."""
    return set().union(*_sets("union", collection))
