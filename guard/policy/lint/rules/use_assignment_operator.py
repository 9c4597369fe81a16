"""`=` where `:=` is meant.

`=` unifies: a name that is bound elsewhere is compared and not assigned.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "warning"
HELP = "write `:=`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        if head.operator == "=":
            yield head.line, f"`{head.name}` is assigned with `=`"
