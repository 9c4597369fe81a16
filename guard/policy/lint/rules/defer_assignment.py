"""An assignment before a condition that does not need it.

When the condition fails, the assignment was work for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from guard.policy.lint.module import Module, calls, spelt
from guard.policy.lint.pack import Linted
from guard.policy.lint.scope import assigns

CATEGORY = "performance"
LEVEL = "warning"
HELP = "move the condition above the assignment"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        for body in head.bodies:
            for statement, following in pairwise(body):
                own = assigns(statement)
                if not own or not any(True for _ in calls(statement.tokens)) or own & following.names:
                    continue
                first = following.tokens[0].text
                if first in {"some", "every"} or assigns(following) or "[ _ ]" in spelt(following.tokens):
                    continue
                yield statement.line, "the next statement does not need the assignment"
