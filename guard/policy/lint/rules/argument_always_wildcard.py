"""An argument that no definition looks at.

Callers must give what is never used.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Head, Module
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "warning"
HELP = "remove the argument"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    grouped: dict[str, list[Head]] = {}
    for head in module.rules:
        if head.arguments:
            grouped.setdefault(head.name, []).append(head)
    for name, heads in grouped.items():
        for column in zip(*(head.arguments or () for head in heads), strict=False):
            if all(len(argument) == 1 and argument[0].text == "_" for argument in column):
                yield heads[0].line, f"an argument of `{name}` is never used"
