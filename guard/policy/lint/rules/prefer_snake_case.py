"""A name in camel case.

Names in Rego are in snake case.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted
from guard.policy.lint.scope import base

CATEGORY = "style"
LEVEL = "warning"
HELP = "write `like_this`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        if any(letter.isupper() for letter in base(head.name)):
            yield head.line, f"`{base(head.name)}` is not in snake case"
