"""What generated code calls: look-ups, loops and memory in their general form."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, Final, NoReturn

from guard.policy.rego.errors import ConflictError, EvaluationError, LimitError
from guard.policy.rego.numbers import number_text
from guard.policy.rego.values import (
    NUMBERS,
    UNDEFINED,
    Boxed,
    Value,
    alien,
    embed,
    equal,
    first_members,
    rank,
    sorted_elements,
    sorted_keys,
    unembed,
)


class _NotAsked:
    """Marks a rule whose value has not been asked for in this evaluation."""


NOT_ASKED: Final = _NotAsked()


class Run:
    """One evaluation: its budget, what it may ask of the world, and its trace.

    # OWNED BY: one call of `Policy.evaluate`; never shared between threads.
    """

    __slots__ = ("budget", "cache", "entropy", "flat", "left", "metadata", "now_ns", "slots", "trace")

    def __init__(
        self, slots: int, steps: int, nodes: int, now_ns: int | None, entropy: Callable[[int], bytes] | None
    ) -> None:
        self.slots = slots
        self.left = steps
        self.budget = [nodes]  # what the answer may still hold
        self.flat: dict[int, Value] = {}  # objects known to hold scalars only, by their identity
        self.now_ns = now_ns
        self.entropy = entropy
        self.cache: dict[Any, Value] | None = None
        self.trace: list[tuple[str, Value]] | None = None

    def fork(self) -> list[Any]:
        """A fresh memory, for what is evaluated under `with`."""
        memory: list[Any] = [NOT_ASKED] * self.slots
        memory[0] = self
        return memory

    def note(self, name: str, value: Value) -> Value:
        """Records the value of a rule, in the tracing variant of the code."""
        if self.trace is not None:
            self.trace.append((name, value))
        return value


class Listed(list[dict[Any, Value]]):
    """A set of objects that only the answer holds; equal objects may stand in it more than once.

    Attributes:
        rough: some member is not JSON yet.
        given: it has been put into an answer.
    """

    rough = False
    given = False


def dot(source: Value, key: Value) -> Value:
    """`source[key]`: an object's value, an array's element, a set's member; else undefined."""
    kind = type(source)
    if kind is dict:
        return source.get(embed(key), UNDEFINED)
    if kind is list:
        if type(key) not in NUMBERS or key != int(key) or not 0 <= key < len(source):
            return UNDEFINED
        return source[int(key)]
    if kind is set:
        return key if embed(key) in source else UNDEFINED
    if source is not UNDEFINED:
        rank(source)
    return UNDEFINED


def member(item: Value, items: Value) -> bool:
    """`item in items`."""
    kind = type(items)
    if kind is set:
        return embed(item) in items
    if kind is list:
        return any(equal(item, other) for other in items)
    if kind is dict:
        return any(equal(item, other) for other in items.values())
    rank(items)
    return False


def holds(value: Value) -> bool:
    """True for what lets a rule go on: anything but false and undefined."""
    return value is not UNDEFINED and value is not False


def elements(source: Value) -> Any:
    """The values to loop over, in OPA's order; undefined for what has none."""
    kind = type(source)
    if kind is dict:
        return [source[key] for key in sorted_keys(source)]
    if kind is set:
        return sorted_elements(source)
    rank(source)
    return UNDEFINED


def elements_any(source: Value) -> Any:
    """`elements` for a loop whose order cannot be seen."""
    kind = type(source)
    if kind is dict:
        return list(source.values())
    if kind is set:
        return [item.value if type(item) is Boxed else item for item in source]
    rank(source)
    return UNDEFINED


def pairs(source: Value) -> Any:
    """The keys and values to loop over, in OPA's order; a set's members are their own keys."""
    kind = type(source)
    if kind is dict:
        return [(unembed(key), source[key]) for key in sorted_keys(source)]
    if kind is set:
        return [(item, item) for item in sorted_elements(source)]
    rank(source)
    return UNDEFINED


def pairs_any(source: Value) -> Any:
    """`pairs` for a loop whose order cannot be seen."""
    kind = type(source)
    if kind is dict:
        if _only_strings(map(type, source)):
            return list(source.items())
        return [(unembed(key), value) for key, value in source.items()]
    if kind is set:
        return [(unembed(item), unembed(item)) for item in source]
    rank(source)
    return UNDEFINED


def merge(a: Value, b: Value) -> Value:
    """Two objects as one, key by key; where both have a value that is not an object, `a` wins."""
    if type(a) is not dict or type(b) is not dict:
        return a
    merged = dict(b)
    for key, value in a.items():
        merged[key] = merge(value, b[key]) if key in b else value
    return merged


def replaced(document: Value, path: tuple[str, ...], value: Value) -> Value:
    """The document with the value put at the path, for `with`; the document itself stays as it is."""
    if not path:
        return value
    changed = dict(document) if type(document) is dict else {}
    changed[path[0]] = replaced(changed.get(path[0], UNDEFINED), path[1:], value)
    return changed


def base_dot(source: Value, key: Value) -> Value:
    """`dot` into the data, where OPA's store reads a number as the key with that text."""
    found = dot(source, key)
    if found is UNDEFINED and type(source) is dict and type(key) in NUMBERS:
        return source.get(number_text(key), UNDEFINED)
    return found


def along(document: Value, keys: tuple[str, ...]) -> Value:
    """The value at the end of a path of constant keys, or undefined."""
    for key in keys:
        document = document.get(key, UNDEFINED) if type(document) is dict else dot(document, key)
    return document


def dynamic(
    table: dict[str, tuple[Any, int]], path: tuple[Value, ...], arguments: tuple[Value, ...], memory: list[Any]
) -> Value:
    """The document at a computed path: the rule with the longest part of the path, then what lies below its value."""
    names = [part if type(part) is str else None for part in path[1:]]
    for length in range(len(names), 0, -1):
        found = None if None in names[:length] else table.get(".".join([name or "" for name in names[:length]]))
        if found is None:
            continue
        function, slot = found
        value = memory[slot] if slot and memory[slot] is not NOT_ASKED else function(*arguments, memory)
        for key in path[length + 1 :]:
            value = dot(value, key)
        return value
    return UNDEFINED


def conflict(name: str, place: str) -> NoReturn:
    """Two values where one may be."""
    rule = ".".join(name.split(".")[1:]) or name
    raise ConflictError(f"{place + ': ' if place else ''}the rule `{rule}` gave two different values")


def over(place: str) -> NoReturn:
    """The budget is used up, in the loop at `place`."""
    raise LimitError(f"{place + ': ' if place else ''}the evaluation took more steps than it may")


def to_json(value: Value, budget: list[int]) -> Value:
    """The value as fresh JSON: sets become sorted arrays, other keys than strings their JSON text.

    `budget` holds one number, the nodes that may still be written.
    """
    kind = type(value)
    if kind is dict:
        budget[0] -= len(value) + 1
        if budget[0] < 0:
            raise too_large()
        found = {}
        for key, item in value.items():
            name = key if type(key) is str else _key_text(key)
            if type(item) in _JSON_SCALARS:
                found[name] = item
            elif not item and (type(item) is set or type(item) is Listed):
                found[name] = []  # what most rules give most of the time
            elif _is_flat(item):
                budget[0] -= len(item) + 1
                found[name] = dict(item)
            else:
                found[name] = to_json(item, budget)
        return found
    if kind is list or kind is set:
        budget[0] -= len(value) + 1
        if budget[0] < 0:
            raise too_large()
        items = value if kind is list else sorted_elements(value)
        return [item if type(item) in _JSON_SCALARS else to_json(item, budget) for item in items]
    if kind is Listed:
        return given(value, budget)
    return _scalar_json(value)


def _scalar_json(value: Value) -> Value:
    if type(value) in _JSON_SCALARS:
        return value
    if type(value) in NUMBERS:
        return float(value)
    if value is UNDEFINED:
        raise EvaluationError("an undefined value reached the answer")
    raise alien(value)


def given(items: Listed, budget: list[int]) -> list[Value]:
    """The objects in order, without repeats; each was made for this answer, so it is changed where it stands.

    Their own keys are strings: `answered` lists no others.
    """
    if items.given:
        return [to_json(item, budget) for item in _ordered_objects(items)]
    items.given = True
    ordered = _ordered_objects(items)
    budget[0] -= sum(map(len, ordered)) + 2 * len(ordered) + 1
    if budget[0] < 0:
        raise too_large()
    if items.rough:
        for item in ordered:
            for key, value in item.items():
                if type(value) not in _JSON_SCALARS:
                    item[key] = to_json(value, budget)
    return ordered


def given_alike(items: Listed, budget: list[int], first: Callable[[dict[Any, Value]], str], width: int) -> list[Value]:
    """`given` for objects that all have the same `width` keys; `first` takes the member that decides the order."""
    count = len(items)
    if count > 1:
        firsts = set(map(first, items)) if _only_strings(map(type, map(first, items))) else set()
        if len(firsts) < count:
            return given(items, budget)
    if items.given or items.rough:
        return given(items, budget)
    items.given = True
    budget[0] -= count * (width + 2) + 1
    if budget[0] < 0:
        raise too_large()
    return sorted(items, key=first)


def _ordered_objects(items: Listed) -> list[Value]:
    """In OPA's order, without repeats."""
    if len(items) < 2:
        return list(items)
    if (firsts := first_members(items)) is not None:
        return [item for _, item in sorted(zip(firsts, items, strict=True), key=itemgetter(0))]
    return sorted_elements({embed(item) for item in items})


def settle(value: Value, items: Listed, run: Run) -> Value:
    """A member of an object of the answer: a copy where that is JSON and its type stays; else the list is rough.

    Repeats are told apart by their values, so a set must stay a set until they are gone.
    """
    kind = type(value)
    if kind is dict:
        if id(value) not in run.flat:
            if not _is_flat(value):
                items.rough = True
                return value
            run.flat[id(value)] = value  # keeps it alive, so that its identity stays its own
        run.budget[0] -= len(value) + 1
        return value.copy()
    if kind in _JSON_SCALARS:
        return value
    if kind is list and _only_scalars(map(type, value)):
        run.budget[0] -= len(value) + 1
        return value.copy()
    items.rough = True
    return value


def finish(value: Value, budget: list[int]) -> Value:
    """`to_json`, with what most rules give most of the time first."""
    if not value and (type(value) is Listed or type(value) is set):
        return []
    return to_json(value, budget)


def spend(budget: list[int], count: int) -> None:
    """Charges so many nodes of the answer."""
    budget[0] -= count
    if budget[0] < 0:
        raise too_large()


def _is_flat(value: Value) -> bool:
    return type(value) is dict and _only_scalars(map(type, value.values())) and _only_strings(map(type, value))


_JSON_SCALARS: Final = frozenset({str, bool, int, float, type(None)})
_only_scalars: Final[Callable[[Iterable[type]], bool]] = _JSON_SCALARS.issuperset
only_integers: Final[Callable[[Iterable[type]], bool]] = frozenset({int}).issuperset
_only_strings: Final[Callable[[Iterable[type]], bool]] = frozenset({str}).issuperset


def too_large() -> LimitError:
    """The error for an answer with too many nodes."""
    return LimitError("the answer is larger than it may be")


def _key_text(key: Any) -> str:
    from guard.policy.rego.text import json_text

    return json_text(unembed(key))
