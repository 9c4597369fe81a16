"""Two loops over one collection, one inside the other.

With n columns the rule takes n times n steps; 200 columns are 40,000. This rule is guard's own.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted
from guard.policy.lint.scope import loops

CATEGORY = "performance"
LEVEL = "error"
HELP = "look the second up by key: build an object or a set once, and ask it"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        for group in loops(head):
            inner: set[str] = set()
            seen: dict[str, int] = {}
            for loop in group:
                if not loop.names & inner and loop.over in seen:
                    yield loop.line, f"`{loop.over}` is looped over inside a loop over itself"
                seen.setdefault(loop.over, loop.line)
                inner |= loop.bound
