"""A comparison assigned to a rule.

`x := a == b` is false where `x if a == b` is undefined; the second can be negated and joined by others.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import COMPARES, Module, find
from guard.policy.lint.pack import Linted

CATEGORY = "idiomatic"
LEVEL = "warning"
HELP = "write `name if comparison`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        if head.operator and not head.bodies and not head.is_default and find(head.value, *COMPARES) is not None:
            yield head.line, f"`{head.name}` is assigned a comparison"
