"""`some _, x in`: a key that nobody wants.

`some x in` says the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "idiomatic"
LEVEL = "warning"
HELP = "leave the `_` out"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    run = module.tokens
    for at in range(len(run) - 2):
        if run[at].text == "some" and run[at + 1].text == "_" and run[at + 2].text == ",":
            yield run[at].line, "`some _, ... in` has a key that nobody wants"
