"""A call whose value nobody takes.

A value that is not false lets the statement hold, so the call is no condition at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from guard.policy.lint.module import Module, calls
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "error"
HELP = "compare the value, or assign it"

_NOT_BOOLEAN = frozenset(
    {"concat", "count", "sum", "max", "min", "sort", "sprintf", "lower", "upper", "split", "replace", "trim"}
    | {"trim_space", "substring", "format_int", "indexof", "to_number", "abs", "round", "array.concat", "array.slice"}
    | {"object.get", "object.keys", "object.union", "object.remove", "json.marshal", "json.unmarshal", "time.now_ns"}
    | {"union", "intersection", "walk", "numbers.range", "regex.replace", "regex.split", "base64.encode"}
)


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        for body in head.bodies:
            for statement in body:
                for name, inside, at in islice(calls(statement.tokens), 1):
                    is_whole = at == 0 and len(inside) + 2 * name.count(".") + 3 == len(statement.tokens)
                    if is_whole and name in _NOT_BOOLEAN:
                        yield statement.line, f"the value of `{name}` goes nowhere"
