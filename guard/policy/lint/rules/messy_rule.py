"""Definitions of one rule that do not stand together.

A reader who saw one of them does not look for another.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted
from guard.policy.lint.scope import base

CATEGORY = "style"
LEVEL = "warning"
HELP = "move them together"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    last = ""
    seen: set[str] = set()
    for head in module.rules:
        name = base(head.name)
        if name != last and name in seen:
            yield head.line, f"`{name}` is defined further up too"
        seen.add(name)
        last = name
