"""A reference to what another package keeps to itself.

A name that begins with an underscore may change without notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "warning"
HELP = "use a public rule of that package"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for one in module.imports:
        if any(part.startswith("_") for part in one.path[1:]):
            yield one.line, "the import names something internal"
    for before, token in pairwise(module.tokens):
        if before.text == "." and token.kind == "name" and token.text.startswith("_") and len(token.text) > 1:
            yield token.line, f"`{token.text}` is internal to its package"
