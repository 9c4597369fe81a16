"""An import of nothing.

What is not there is undefined, and a rule that reads it never holds: a deny would be lost without a word.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted
from guard.policy.lint.scope import base

CATEGORY = "imports"
LEVEL = "error"
HELP = "correct the path, or add the package"


def check(module: Module, linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for one in module.imports:
        path = one.path[1:]
        if one.path[:1] != ("data",) or not path or path[0] in linted.data:
            continue
        known = any(package[: len(path)] == path for package in linted.packages)
        named = any(whole[:-1] == path[:-1] and base(whole[-1]) == path[-1] for whole in linted.heads)
        if not known and not named:
            yield one.line, f"`{'.'.join(one.path)}` is nowhere in the pack"
