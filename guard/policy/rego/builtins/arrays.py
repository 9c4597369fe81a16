"""array.*: new arrays from old ones."""

from __future__ import annotations

from typing import Final

from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import BuiltinError, LimitError
from guard.policy.rego.numbers import Number, integer
from guard.policy.rego.values import Value

MAX_ELEMENTS: Final = 1_000_000


@builtin("array.concat", "array", "array")
def concat(a: list[Value], b: list[Value]) -> list[Value]:
    """All of a, then all of b."""
    if len(a) + len(b) > MAX_ELEMENTS:
        raise LimitError("`array.concat` makes an array that is too long")
    return a + b


@builtin("array.flatten", "array")
def flatten(array: list[Value]) -> list[Value]:
    """The elements, with those of arrays among them in their place; one level down."""
    found: list[Value] = []
    for item in array:
        found += item if type(item) is list else [item]
        if len(found) > MAX_ELEMENTS:
            raise LimitError("`array.flatten` makes an array that is too long")
    return found


@builtin("array.reverse", "array")
def reverse(array: list[Value]) -> list[Value]:
    """Back to front."""
    return array[::-1]


@builtin("array.slice", "array", "number", "number")
def slice_(array: list[Value], start: Number, stop: Number) -> list[Value]:
    """The elements from start up to but without stop; both are clamped to the array."""
    first, last = integer(start), integer(stop)
    if first is None or last is None:
        raise BuiltinError("`array.slice`: operands 2 and 3 must be integers", kind="eval_type_error")
    return array[max(first, 0) : max(last, 0)]
