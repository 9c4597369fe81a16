"""object.*: look-up, union, filters."""

from __future__ import annotations

from typing import Any

from guard.policy.rego.builtins.aggregates import items
from guard.policy.rego.builtins.registry import builtin, wrong_element
from guard.policy.rego.runtime import dot
from guard.policy.rego.values import UNDEFINED, Value, embed, equal


@builtin("object.get", "object", "any", "any")
def get(obj: Value, key: Value, default: Value) -> Value:
    """The value at a key, or at an array of keys; the default where there is none."""
    if type(key) is not list:
        return obj.get(embed(key), default)
    found = obj
    for part in key:
        found = dot(found, part)
        if found is UNDEFINED:
            return default
    return found


@builtin("object.keys", "object")
def keys(obj: dict[Any, Value]) -> set[Any]:
    """The set of keys."""
    return set(obj)


def _union(a: Value, b: Value) -> Value:
    """b over a, object into object."""
    if type(a) is not dict or type(b) is not dict:
        return b
    merged = dict(a)
    for key, value in b.items():
        merged[key] = _union(a[key], value) if key in a else value
    return merged


@builtin("object.union", "object", "object")
def union(a: Value, b: Value) -> Value:
    """Both objects as one; where both have a value that is no object, b wins."""
    return _union(a, b)


@builtin("object.union_n", "array")
def union_n(objects: list[Value]) -> Value:
    """All objects as one; later ones win."""
    found: Value = {}
    for obj in objects:
        if type(obj) is not dict:
            raise wrong_element("object.union_n", 1, "array", "object", obj)
        found = _union(found, obj)
    return found


def _keys(collection: Value) -> set[Any]:
    if type(collection) is dict:
        return set(collection)
    return {embed(key) for key in items(collection)}


@builtin("object.remove", "object", "array|object|set")
def remove(obj: dict[Any, Value], without: Value) -> Value:
    """The object without the keys."""
    gone = _keys(without)
    return {key: value for key, value in obj.items() if key not in gone}


@builtin("object.filter", "object", "array|object|set")
def filter_(obj: dict[Any, Value], wanted: Value) -> Value:
    """The object with the keys alone."""
    kept = _keys(wanted)
    return {key: value for key, value in obj.items() if key in kept}


@builtin("object.subset", "object|set|array", "object|set|array")
def subset(outer: Value, inner: Value) -> bool:
    """True when the second is a part of the first: of objects by key, of sets, of arrays as a run of elements."""
    if type(outer) is dict and type(inner) is dict:
        return _object_subset(outer, inner)
    if type(outer) is set and type(inner) is set:
        return inner <= outer
    if type(outer) is list and type(inner) is list:
        width = len(inner)
        return any(equal(outer[start : start + width], inner) for start in range(len(outer) - width + 1))
    if type(outer) is list and type(inner) is set:
        return inner <= {embed(item) for item in outer}
    from guard.policy.rego.errors import OperandError

    raise OperandError("`object.subset`: both operands must be of the same type, or an array and a set")


def _object_subset(outer: dict[Any, Value], inner: dict[Any, Value]) -> bool:
    for key, value in inner.items():
        if key not in outer:
            return False
        found = outer[key]
        if type(value) is dict and type(found) is dict:
            if not _object_subset(found, value):
                return False
        elif type(value) is set and type(found) is set:
            if not value <= found:
                return False
        elif type(value) is list and type(found) is list:
            if not subset.function(found, value):
                return False
        elif not equal(found, value):
            return False
    return True
