"""`!=` over a loop, which nearly always holds.

`x[_] != y` asks whether some element differs, and not whether none is equal.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, find, spelt
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "error"
HELP = "write `not y in x`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        for body in head.bodies:
            for statement in body:
                if find(statement.tokens, "!=") is not None and "[ _ ]" in spelt(statement.tokens):
                    yield statement.line, "`!=` with `[_]` holds as soon as one element differs"
