"""A loop where `in` says it.

`x == y[_]` asks whether x is in y.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, find, spelt
from guard.policy.lint.pack import Linted

CATEGORY = "idiomatic"
LEVEL = "warning"
HELP = "write `x in y`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        for body in head.bodies:
            for statement in body:
                at = find(statement.tokens, "==")
                sides = (statement.tokens[:at], statement.tokens[at + 1 :]) if at else ()
                if any(spelt(side).endswith("[ _ ]") for side in sides):
                    yield statement.line, "`==` with `[_]` asks for membership"
