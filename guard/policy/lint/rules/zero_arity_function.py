"""A function without arguments.

It is a rule, evaluated anew at each call.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "warning"
HELP = "leave the brackets out"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        if head.arguments == ():
            yield head.line, f"`{head.name}` takes no arguments"
