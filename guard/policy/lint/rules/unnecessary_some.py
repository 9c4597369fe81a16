"""`some` before a literal.

Nothing is bound, so nothing is looped over.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "warning"
HELP = "leave `some` out"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for before, token in pairwise(module.tokens):
        if before.text == "some" and token.kind in {"string", "number"}:
            yield token.line, "`some` binds nothing here"
