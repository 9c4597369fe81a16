"""The document `data` itself as an entry point: the value of every rule at its place, over the base data.

The compiler cannot be asked for it, but it compiles every rule; this plan calls them all, as OPA's own plan for the
query `data` does. A package is there even when none of its rules has a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from guard.policy.rego.ir import DATA, INPUT, Const, Function, Local, Plan, Statement
from guard.policy.rego.syntax import Outline

NAME: Final = "data"
KEY: Final = "guard_whole"  # in the plan file, when the document was asked for
_ALL: Final = 2  # the local that holds what was found so far
_FIRST_FREE: Final = 3


def rules_of(outlines: Mapping[str, Outline]) -> list[str]:
    """Every rule as an entry point of its own."""
    found = {"/".join((*o.package, *rule.path)) for o in outlines.values() for rule in o.rules if not rule.is_function}
    return sorted(found)


def whole(functions: Mapping[str, Function]) -> Plan:
    """The plan that gives `{"result": data}`."""
    rules = [function for function in functions.values() if function.is_rule]
    numbers = iter(range(_FIRST_FREE, 1 << 30))
    blocks = [[Statement("MakeObject", writes=(_ALL,))]]
    for package in dict.fromkeys(rule.path[1:-1] for rule in rules):
        empty = next(numbers)
        blocks.append([Statement("MakeObject", writes=(empty,)), *_merged(package, empty, numbers)])
    for rule in rules:
        value = next(numbers)
        call = Statement("Call", reads=(INPUT, DATA), writes=(value,), name=rule.name)
        blocks.append([call, *_merged(rule.path[1:], value, numbers)])
    result = next(numbers)
    last = [
        Statement("ObjectMerge", reads=(Local(_ALL), DATA), writes=(_ALL,)),
        Statement("MakeObject", writes=(result,)),
        Statement("ObjectInsert", reads=(Local(result), Const("result"), Local(_ALL))),
        Statement("ResultSetAdd", reads=(Local(result),)),
    ]
    return Plan(NAME, (*blocks, last))


def _merged(path: Sequence[str], value: int, numbers: Iterator[int]) -> Iterator[Statement]:
    """Puts a value at a path of the document."""
    for key in reversed(path):
        outer = next(numbers)
        yield Statement("MakeObject", writes=(outer,))
        yield Statement("ObjectInsert", reads=(Local(outer), Const(key), Local(value)))
        value = outer
    yield Statement("ObjectMerge", reads=(Local(_ALL), Local(value)), writes=(_ALL,))
