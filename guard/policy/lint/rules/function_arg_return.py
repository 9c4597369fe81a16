"""A value returned through the last argument.

`f(a, x)` for `x := f(a)` reads like a condition.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.known_builtins import builtin_names
from guard.policy.lint.module import Module, calls, split
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "warning"
HELP = "write `x := f(a)`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for name, inside, at in calls(module.tokens):
        arity = builtin_names().get(name)
        if arity is not None and len(split(inside, ",")) == arity + 1 and name not in {"walk", "print"}:
            yield module.tokens[at].line, f"`{name}` returns through its last argument"
