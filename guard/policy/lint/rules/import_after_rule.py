"""An import below a rule.

Readers look for imports at the top.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "imports"
LEVEL = "warning"
HELP = "move it up"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    first = min((head.line for head in module.rules), default=None)
    for one in module.imports:
        if first is not None and one.line > first:
            yield one.line, "the import stands below a rule"
