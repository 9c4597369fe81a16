"""Occurrences counted by hand.

`strings.count` says it, and builds no list.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, calls
from guard.policy.lint.pack import Linted

CATEGORY = "idiomatic"
LEVEL = "warning"
HELP = "write `strings.count(text, part)`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for name, inside, at in calls(module.tokens):
        if name == "count" and next((inner for inner, _, _ in calls(inside)), "") == "indexof_n":
            yield module.tokens[at].line, "`count(indexof_n(...))` counts occurrences"
