"""An import that is not used as one.

The module imports a package and then spells its whole path.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, spelt
from guard.policy.lint.pack import Linted

CATEGORY = "imports"
LEVEL = "warning"
HELP = "use the imported name"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    text = spelt(module.tokens)
    for one in module.imports:
        if one.path[:1] == ("data",) and len(one.path) > 1:
            whole = " . ".join(one.path)
            if text.count(whole) > sum(other.path[: len(one.path)] == one.path for other in module.imports):
                yield one.line, f"`{'.'.join(one.path)}` is imported and spelt out as well"
