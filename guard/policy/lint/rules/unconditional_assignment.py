"""A body that only assigns the value.

The value can stand in the head.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, spelt
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "warning"
HELP = "write `name := value`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        if len(head.bodies) == 1 and len(head.bodies[0]) == 1 and len(head.value) == 1 and not head.is_set:
            run = head.bodies[0][0].tokens
            if len(run) > 2 and run[0].text == head.value[0].text and run[1].text == ":=" and "[ _ ]" not in spelt(run):
                yield head.line, f"the body of `{head.name}` only assigns its value"
