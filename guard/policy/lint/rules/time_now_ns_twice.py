"""`time.now_ns` called twice in one rule.

The time is the same throughout an evaluation; two calls read as if it were not.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, calls
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "warning"
HELP = "assign it once"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        if sum(name == "time.now_ns" for name, _, _ in calls(head.tokens)) > 1:
            yield head.line, "`time.now_ns` is called more than once"
