"""A comprehension inside a loop that does not depend on it.

It is built again for each element. This rule is guard's own.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, names
from guard.policy.lint.pack import Linted
from guard.policy.lint.scope import assigns, bound_by_some, comprehensions

CATEGORY = "performance"
LEVEL = "warning"
HELP = "assign it above the loop, or make it a rule"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        for body in head.bodies:
            inner: set[str] = set()
            for statement in body:
                for inside in comprehensions(statement.tokens):
                    if inner and not inner & set(names(inside)):
                        yield inside[0].line, "the comprehension does not depend on the loop around it"
                bound = {name for name, _ in bound_by_some(statement.tokens)}
                if bound or inner & statement.names:
                    inner |= bound | assigns(statement)
