"""A call of `print` or `trace`.

What a rule prints may hold what it decides about.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, calls
from guard.policy.lint.pack import Linted

CATEGORY = "testing"
LEVEL = "warning"
HELP = "remove it"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for name, _, at in calls(module.tokens):
        if name in {"print", "trace"}:
            yield module.tokens[at].line, f"`{name}` is called"
