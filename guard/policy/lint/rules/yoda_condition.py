"""A constant on the left.

`5 > x` is read twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import COMPARES, Module, find, is_literal
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "warning"
HELP = "write the constant on the right"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        for body in head.bodies:
            for statement in body:
                at = find(statement.tokens, *COMPARES)
                if at and is_literal(statement.tokens[:at]) and not is_literal(statement.tokens[at + 1 :]):
                    yield statement.line, "the constant stands on the left"
