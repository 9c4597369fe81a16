"""A default below its rule.

What holds by default is read first.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "warning"
HELP = "move it up"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    seen: set[str] = set()
    for head in module.rules:
        if head.is_default and head.name in seen:
            yield head.line, f"the default of `{head.name}` stands below it"
        seen.add(head.name)
