"""count, sum, product, max, min, sort, and the deprecated all and any."""

from __future__ import annotations

from typing import Final

from guard.policy.rego.builtins.registry import builtin, wrong_element
from guard.policy.rego.numbers import Number, plus, times
from guard.policy.rego.values import NUMBERS, UNDEFINED, Value, order_key, sort_values, unembed

_INTEGERS: Final = frozenset({int}).issuperset  # which stand in OPA's order as in Python's


def items(collection: Value) -> list[Value]:
    """The elements of an array or set."""
    return collection if type(collection) is list else [unembed(item) for item in collection]


@builtin("count", "array|object|set|string")
def count(collection: Value) -> int:
    """The number of elements, keys or characters."""
    return len(collection)


def _numbers(name: str, collection: Value) -> list[Number]:
    found = items(collection)
    for item in found:
        if type(item) not in NUMBERS:
            raise wrong_element(name, 1, "array" if type(collection) is list else "set", "number", item)
    return found


@builtin("sum", "array|set")
def sum_(collection: Value) -> Number:
    """The sum of numbers; 0 for none."""
    total: Number = 0
    for number in _numbers("sum", collection):
        total = plus(total, number)
    return total


@builtin("product", "array|set")
def product(collection: Value) -> Number:
    """The product of numbers; 1 for none."""
    total: Number = 1
    for number in _numbers("product", collection):
        total = times(total, number)
    return total


@builtin("max", "array|set")
def max_(collection: Value) -> Value:
    """The largest value in OPA's order; undefined for none."""
    if _INTEGERS(map(type, collection)):
        return max(collection, default=UNDEFINED)
    return max(items(collection), key=order_key, default=UNDEFINED)


@builtin("min", "array|set")
def min_(collection: Value) -> Value:
    """The smallest value in OPA's order; undefined for none."""
    if _INTEGERS(map(type, collection)):
        return min(collection, default=UNDEFINED)
    return min(items(collection), key=order_key, default=UNDEFINED)


@builtin("sort", "array|set")
def sort(collection: Value) -> list[Value]:
    """The values in OPA's order."""
    return sort_values(items(collection))


@builtin("all", "array|set")
def all_(collection: Value) -> bool:
    """True when every element is true (deprecated in Rego v1)."""
    return all(item is True for item in items(collection))


@builtin("any", "array|set")
def any_(collection: Value) -> bool:
    """True when an element is true (deprecated in Rego v1)."""
    return any(item is True for item in items(collection))
