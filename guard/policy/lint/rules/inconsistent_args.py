"""Arguments of one function in different order.

Definitions of one function that name arguments differently are read wrongly by people.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, spelt
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "error"
HELP = "name the arguments alike in each definition"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    first: dict[str, tuple[str, ...]] = {}
    for head in module.rules:
        if head.arguments is None:
            continue
        named = tuple(spelt(argument) if len(argument) == 1 else "" for argument in head.arguments)
        other = first.setdefault(head.name, named)
        shared = set(named) & set(other) - {"", "_"}
        if len(named) == len(other) and any(named.index(name) != other.index(name) for name in shared):
            yield head.line, f"`{head.name}` takes its arguments in another order above"
