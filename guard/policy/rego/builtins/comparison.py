"""Comparison operators and membership, for where their value is used rather than tested."""

from __future__ import annotations

from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.runtime import member
from guard.policy.rego.values import Value, compare, embed
from guard.policy.rego.values import equal as same


@builtin("equal", "any", "any")
def equal(a: Value, b: Value) -> bool:
    """a == b."""
    return same(a, b)


@builtin("neq", "any", "any")
def neq(a: Value, b: Value) -> bool:
    """a != b."""
    return not same(a, b)


@builtin("gt", "any", "any")
def gt(a: Value, b: Value) -> bool:
    """a > b."""
    return compare(a, b) > 0


@builtin("gte", "any", "any")
def gte(a: Value, b: Value) -> bool:
    """a >= b."""
    return compare(a, b) >= 0


@builtin("lt", "any", "any")
def lt(a: Value, b: Value) -> bool:
    """a < b."""
    return compare(a, b) < 0


@builtin("lte", "any", "any")
def lte(a: Value, b: Value) -> bool:
    """a <= b."""
    return compare(a, b) <= 0


@builtin("internal.member_2", "any", "any")
def member_2(item: Value, items: Value) -> bool:
    """`item in items`."""
    return member(item, items)


@builtin("internal.member_3", "any", "any", "any")
def member_3(key: Value, item: Value, items: Value) -> bool:
    """`key, item in items`."""
    if type(items) is dict:
        found = embed(key)
        return found in items and same(item, items[found])
    if type(items) is list:
        return any(same(key, position) and same(item, other) for position, other in enumerate(items))
    if type(items) is set:
        return same(key, item) and embed(item) in items
    return False
