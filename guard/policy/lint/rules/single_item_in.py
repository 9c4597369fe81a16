"""`in` a collection of one.

It is an equality.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, find
from guard.policy.lint.pack import Linted

CATEGORY = "idiomatic"
LEVEL = "warning"
HELP = "write `==`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        for body in head.bodies:
            for statement in body:
                at = find(statement.tokens, "in")
                rest = statement.tokens[at + 1 :] if at else ()
                if len(rest) == 3 and rest[0].text in {"{", "["} and statement.tokens[0].text not in {"some", "every"}:
                    yield statement.line, "`in` looks into a collection of one"
