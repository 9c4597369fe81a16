"""Two tests of one name.

Rego joins them to one test, which passes when either does.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "testing"
LEVEL = "error"
HELP = "give each test its own name"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    seen: set[str] = set()
    for head in module.rules:
        if head.is_test and head.name in seen:
            yield head.line, f"the test `{head.name}` stands here twice"
        seen.add(head.name)
