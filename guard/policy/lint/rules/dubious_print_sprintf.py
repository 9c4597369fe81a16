"""`print(sprintf(...))`.

`print` shows undefined values; `sprintf` makes the whole line undefined.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, calls
from guard.policy.lint.pack import Linted

CATEGORY = "testing"
LEVEL = "warning"
HELP = "give `print` the values themselves"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for name, inside, at in calls(module.tokens):
        if name == "print" and any(inner == "sprintf" for inner, _, _ in calls(inside)):
            yield module.tokens[at].line, "`sprintf` inside `print`"
