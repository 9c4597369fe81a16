"""A function that loops over the collection whose elements it is called with.

The function is evaluated for each element and looks at all of them. This rule is guard's own.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, calls
from guard.policy.lint.pack import Linted
from guard.policy.lint.scope import loops

CATEGORY = "performance"
LEVEL = "error"
HELP = "make what the function looks for a rule of its own, which is evaluated once, and ask it by key"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    looping = {
        head.name: {loop.over for group in loops(head) for loop in group if loop.over.startswith(("input", "data"))}
        for head in module.rules
        if head.arguments
    }
    for head in module.rules:
        over = {loop.over for group in loops(head) for loop in group}
        for name, _, at in calls(head.tokens):
            shared = over & looping.get(name, set())
            if name != head.name and shared:
                yield head.tokens[at].line, f"`{name}` loops over `{min(shared)}` and is called in a loop over it"
