"""`not` before a name that says not.

Two negations are one too many to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "warning"
HELP = "name the rule for what is true"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for before, token in pairwise(module.tokens):
        if before.text == "not" and token.text.startswith(("not_", "non_", "no_", "is_not_", "cannot_")):
            yield token.line, f"`not {token.text}` negates twice"
