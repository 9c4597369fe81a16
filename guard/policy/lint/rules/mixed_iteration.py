"""Two ways of looping in one statement.

`some ... in` and `[_]` in one line hide one of the two loops.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, find, spelt
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "warning"
HELP = "write both with `some ... in`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        for body in head.bodies:
            for statement in body:
                run = statement.tokens
                if run[0].text == "some" and find(run, "in") is not None and "[ _ ]" in spelt(run):
                    yield statement.line, "`some ... in` and `[_]` in one statement"
