"""Rego values in Python: what they are, when two are equal, and in which order they stand.

null, true/false, numbers, strings, arrays and objects are `None`, `bool`, `int | float | Decimal`, `str`, `list`
and `dict`, exactly as a JSON parser delivers them, so that input and data need no conversion. Two things Python
sees differently from Rego: `True == 1`, and arrays, objects and sets may be elements of sets and keys of
objects. Both are settled by `embed`: strings, numbers and null stand for themselves inside a `set` or as a key of
a `dict`; everything else is wrapped in a `Boxed` with Rego's equality.

A set is a Python `set` of embedded values. The order of values is OPA's (`ast.Compare`): null, booleans, numbers,
strings, arrays, objects, sets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final, TypeAlias, final

from guard.policy.rego.errors import EvaluationError

Value: TypeAlias = Any
"""A Rego value; the alternatives are too recursive for a type that checks."""


@final
class Undefined:
    """The type of `UNDEFINED`: no value at all, which is neither null nor false."""

    _instance: Undefined | None = None

    def __new__(cls) -> Undefined:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "UNDEFINED"

    def __bool__(self) -> bool:
        raise TypeError("`UNDEFINED` is neither true nor false; compare with `is UNDEFINED`")

    def __reduce__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = Undefined()

NUMBERS: Final = frozenset({int, float, Decimal})
PLAIN: Final = frozenset({str, int, float, Decimal, type(None)})  # stand for themselves as elements and keys
RANKS: Final[dict[type, int]] = {
    type(None): 0,
    bool: 1,
    int: 2,
    float: 2,
    Decimal: 2,
    str: 3,
    list: 4,
    dict: 5,
    set: 6,
}
TYPE_NAMES: Final = ("null", "boolean", "number", "string", "array", "object", "set")


@final
class Boxed:
    """A boolean, array, object or set as an element of a set or a key of an object."""

    __slots__ = ("_hash", "value")

    def __init__(self, value: Value) -> None:
        self.value = value
        self._hash = _hash(value)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return type(other) is Boxed and self._hash == other._hash and equal(self.value, other.value)

    def __repr__(self) -> str:
        return f"Boxed({self.value!r})"


def _hash(value: Value) -> int:
    """The same for equal values: of an object from its members in any order, of a set from its elements."""
    kind = type(value)
    if kind in PLAIN:
        return hash(value)
    if kind is dict:
        mixed = len(value)
        for key, item in value.items():
            mixed ^= hash((key, item if type(item) is str or type(item) is int else _hash(item)))
        return mixed
    if kind is list:
        return hash(tuple([_hash(item) for item in value]))
    if kind is set:
        return hash(frozenset(value))
    if kind is bool:
        return hash((bool, value))
    raise alien(value)


TRUE: Final = Boxed(value=True)
FALSE: Final = Boxed(value=False)


def embed(value: Value) -> Any:
    """The form a value takes inside a set or as a key of an object."""
    kind = type(value)
    if kind is dict or kind is list or kind is set:
        return Boxed(value)
    if kind in PLAIN:
        return value
    if value is True:
        return TRUE
    if value is False:
        return FALSE
    raise alien(value)


def unembed(item: Any) -> Value:
    """The value that an element or a key stands for."""
    return item.value if type(item) is Boxed else item


def make_set(values: Iterable[Value]) -> set[Any]:
    """A Rego set of the values."""
    return {embed(value) for value in values}


def alien(value: object) -> EvaluationError:
    """The error for a value that no JSON parser delivers; such a value never takes part in a decision."""
    return EvaluationError(
        f"a value of type `{type(value).__name__}` is not a JSON value", help="pass input and data as JSON values"
    )


def rank(value: Value) -> int:
    """The place of the value's type in OPA's order of types."""
    found = RANKS.get(type(value))
    if found is None:
        raise alien(value)
    return found


def type_name(value: Value) -> str:
    """The Rego name of the value's type."""
    return TYPE_NAMES[rank(value)]


def equal(a: Value, b: Value) -> bool:
    """Rego equality: deep, 1 == 1.0, true != 1."""
    kind = type(a)
    if kind is type(b):
        if kind is list:
            return len(a) == len(b) and all(map(equal, a, b))
        if kind is dict:
            if len(a) != len(b):
                return False
            return all(key in b and equal(item, b[key]) for key, item in a.items())
        if kind not in RANKS:
            raise alien(a)
        return bool(a == b)
    if kind in NUMBERS and type(b) in NUMBERS:
        return bool(a == b)
    if kind not in RANKS:
        raise alien(a)
    if type(b) not in RANKS:
        raise alien(b)
    return False


def compare(a: Value, b: Value) -> int:
    """-1, 0 or 1 by OPA's total order of values."""
    left, right = rank(a), rank(b)
    if left != right:
        return -1 if left < right else 1
    if left == 0:
        return 0
    if left <= 3:
        return int(a > b) - int(a < b)
    if left == 4:
        return _compare_sequences(a, b)
    if left == 5:
        keys, others = sorted_keys(a), sorted_keys(b)
        for key, other in zip(keys, others, strict=False):
            order = compare(unembed(key), unembed(other)) or compare(a[key], b[other])
            if order:
                return order
        return (len(keys) > len(others)) - (len(keys) < len(others))
    return _compare_sequences(sorted_elements(a), sorted_elements(b))


def _compare_sequences(a: list[Value], b: list[Value]) -> int:
    for left, right in zip(a, b, strict=False):
        order = compare(left, right)
        if order:
            return order
    return (len(a) > len(b)) - (len(a) < len(b))


def order_key(value: Value) -> Any:
    """A tuple that Python orders as `compare` orders the values; for sorting many."""
    kind = type(value)
    if kind is str:
        return (3, value)
    if kind is dict:
        parts: list[Any] = [5]
        for key in sorted_keys(value):
            item = value[key]
            parts.append((3, key) if type(key) is str else order_key(unembed(key)))
            parts.append((3, item) if type(item) is str else order_key(item))
        return tuple(parts)
    if kind is list:
        return (4, *[order_key(item) for item in value])
    if kind is set:
        return (6, *sorted([order_key(unembed(item)) for item in value]))
    return (rank(value),) if value is None else (rank(value), value)


def sort_values(values: Iterable[Value]) -> list[Value]:
    """The values in OPA's order."""
    items = list(values)
    if len(items) < 2:
        return items
    kinds = set(map(type, items))
    if kinds <= {str} or kinds <= NUMBERS:
        items.sort()
        return items
    if kinds == {dict}:
        firsts = first_members(items)
        if firsts is not None:
            return [item for _, item in sorted(zip(firsts, items, strict=True), key=itemgetter(0))]
    return sorted(items, key=order_key)


def first_members(objects: Sequence[dict[Any, Value]]) -> list[str] | None:
    """The first members of objects with the same keys: distinct strings there decide the order by themselves."""
    names = objects[0].keys()
    if not names or any(other.keys() != names for other in objects):
        return None
    first = sorted_keys(objects[0])[0]
    found = [other[first] for other in objects]
    return found if set(map(type, found)) == {str} and len(set(found)) == len(found) else None


def sorted_keys(obj: dict[Any, Value]) -> list[Any]:
    """The embedded keys of an object in OPA's order."""
    if len(obj) < 2:
        return list(obj)
    kinds = set(map(type, obj))
    if kinds <= {str} or kinds <= NUMBERS:
        return sorted(obj)
    return sorted(obj, key=lambda key: order_key(unembed(key)))


def sorted_elements(items: Iterable[Any]) -> list[Value]:
    """The elements of a set in OPA's order."""
    return sort_values([unembed(item) for item in items])
