"""An import named like a builtin.

In this module the builtin cannot be called any more.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.known_builtins import builtin_names
from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "imports"
LEVEL = "error"
HELP = "import it under another name with `as`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for one in module.imports:
        if one.name in builtin_names():
            yield one.line, f"the import `{one.name}` hides a builtin"
