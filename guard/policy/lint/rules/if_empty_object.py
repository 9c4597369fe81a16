"""`if {}`: an empty object, which is always true.

The braces read like an empty body and are an object; the rule always holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "error"
HELP = "write the condition, or leave `if` out"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    run = module.tokens
    for at, token in enumerate(run[:-2]):
        is_empty = token.text == "if" and run[at + 1].text == "{" and run[at + 2].text == "}"
        if is_empty and (at + 3 == len(run) or run[at + 3].line > run[at + 2].line):
            yield token.line, "`if {}` is always true"
