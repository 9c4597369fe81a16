"""A long rule.

What a rule says should be seen at one look.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "warning"
HELP = "move parts to rules of their own"

MOST = 30


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    if not module.is_test:
        for head in module.rules:
            if head.bodies and head.end - head.line >= MOST:
                yield head.line, f"`{head.name}` has more than {MOST} lines"
