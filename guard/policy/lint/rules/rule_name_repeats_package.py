"""A rule that repeats the name of its package.

`data.guard.rows.rows_allowed` says rows twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted
from guard.policy.lint.scope import base

CATEGORY = "style"
LEVEL = "warning"
HELP = "leave the repetition out"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    own = module.package[-1] if module.package else ""
    for head in module.rules:
        if own and not head.is_test and base(head.name).startswith(f"{own}_"):
            yield head.line, f"`{base(head.name)}` repeats the name of the package"
