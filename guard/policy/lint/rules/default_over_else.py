"""A last `else` without a condition.

A default says at the top what holds when nothing else does.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "warning"
HELP = "write `default name := value`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        if head.alternatives and not head.arguments and all(token.text != "if" for token in head.alternatives[-1]):
            yield head.alternatives[-1][0].line, f"the last `else` of `{head.name}` has no condition"
