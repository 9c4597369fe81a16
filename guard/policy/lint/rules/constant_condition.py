"""A condition that is always or never true.

A literal, or a comparison of two literals, decides nothing: the rule holds always or never.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import COMPARES, Module, find, is_literal
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "error"
HELP = "remove the condition, or compare with something of the input"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        for body in head.bodies:
            for statement in body:
                at = find(statement.tokens, *COMPARES)
                sides = [statement.tokens] if at is None else [statement.tokens[:at], statement.tokens[at + 1 :]]
                if all(is_literal(side) for side in sides):
                    yield statement.line, "the condition is constant"
