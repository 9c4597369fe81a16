"""Two imports of one name.

The second hides the first.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "imports"
LEVEL = "error"
HELP = "name one of them otherwise with `as`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    seen: set[str] = set()
    for one in module.imports:
        if one.path[:1] != ("rego",) and one.name in seen:
            yield one.line, f"`{one.name}` is imported twice"
        seen.add(one.name)
