"""A condition inside a loop that does not depend on it.

It is asked again for each element.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, spelt
from guard.policy.lint.pack import Linted
from guard.policy.lint.scope import assigns, bound_by_some

CATEGORY = "performance"
LEVEL = "warning"
HELP = "move it above the loop"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        for body in head.bodies:
            inner: set[str] = set()
            looping = False
            for statement in body:
                bound = {name for name, _ in bound_by_some(statement.tokens)}
                assigned = assigns(statement)
                depends = bool(inner & statement.names)
                if looping and not depends and not bound and not assigned and "[ _ ]" not in spelt(statement.tokens):
                    yield statement.line, "the condition does not depend on the loop above it"
                looping = looping or bool(bound)
                if bound or (assigned and depends):
                    inner |= bound | assigned
