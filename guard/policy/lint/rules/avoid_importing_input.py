"""An import of `input`.

`input` is known everywhere; an import only hides where a value comes from.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "imports"
LEVEL = "warning"
HELP = "write `input....` where it is used"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for one in module.imports:
        if one.path[:1] == ("input",):
            yield one.line, "`input` is imported"
