"""`get_` or `list_` before a name.

Rules are values: `users` and not `get_users`.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "warning"
HELP = "leave the prefix out"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        if head.name.startswith(("get_", "list_")):
            yield head.line, f"`{head.name}` begins with a verb that says nothing"
