"""A test that is switched off.

A test named `todo_test_` is not run.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "testing"
LEVEL = "warning"
HELP = "finish it, or remove it"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        if head.name.startswith("todo_test_"):
            yield head.line, f"`{head.name}` is not run"
