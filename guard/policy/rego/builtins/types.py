"""Tests of types and the deprecated casts."""

from __future__ import annotations

from typing import Any

from guard.policy.rego.builtins.aggregates import items
from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.values import NUMBERS, Value, make_set
from guard.policy.rego.values import type_name as name_of


@builtin("type_name", "any")
def type_name(value: Value) -> str:
    """`null`, `boolean`, `number`, `string`, `array`, `object` or `set`."""
    return name_of(value)


@builtin("is_null", "any")
def is_null(value: Value) -> bool:
    """True for null."""
    return value is None


@builtin("is_boolean", "any")
def is_boolean(value: Value) -> bool:
    """True for true and false."""
    return type(value) is bool


@builtin("is_number", "any")
def is_number(value: Value) -> bool:
    """True for numbers."""
    return type(value) in NUMBERS


@builtin("is_string", "any")
def is_string(value: Value) -> bool:
    """True for strings."""
    return type(value) is str


@builtin("is_array", "any")
def is_array(value: Value) -> bool:
    """True for arrays."""
    return type(value) is list


@builtin("is_object", "any")
def is_object(value: Value) -> bool:
    """True for objects."""
    return type(value) is dict


@builtin("is_set", "any")
def is_set(value: Value) -> bool:
    """True for sets."""
    return type(value) is set


@builtin("cast_array", "array|set")
def cast_array(value: Value) -> list[Value]:
    """An array of the elements."""
    from guard.policy.rego.values import sort_values

    return value if type(value) is list else sort_values(items(value))


@builtin("cast_set", "array|set")
def cast_set(value: Value) -> set[Any]:
    """A set of the elements."""
    return make_set(items(value))


@builtin("cast_string", "string")
def cast_string(value: str) -> str:
    """The string itself."""
    return value


@builtin("cast_boolean", "boolean")
def cast_boolean(value: Value) -> Value:
    """The boolean itself."""
    return value


@builtin("cast_null", "null")
def cast_null(value: None) -> None:
    """Null itself."""
    return value


@builtin("cast_object", "object")
def cast_object(value: Value) -> Value:
    """The object itself."""
    return value
