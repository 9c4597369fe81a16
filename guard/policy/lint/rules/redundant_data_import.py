"""An import of `data`.

`data` is known everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "imports"
LEVEL = "warning"
HELP = "remove the import"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for one in module.imports:
        if one.path == ("data",):
            yield one.line, "`data` is imported"
