"""A rule named like a builtin.

Within the package the builtin cannot be called any more.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.known_builtins import builtin_names
from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "error"
HELP = "give the rule another name"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        if head.name in builtin_names():
            yield head.line, f"`{head.name}` is a builtin"
