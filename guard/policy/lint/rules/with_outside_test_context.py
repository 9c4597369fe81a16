"""`with` outside of tests.

It evaluates everything below anew, for each element of a loop.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "performance"
LEVEL = "warning"
HELP = "pass the value as an argument"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    if not module.is_test:
        for token in module.tokens:
            if token.text == "with" and token.kind == "name":
                yield token.line, "`with` outside of a test"
