"""An alias that is the name itself.

`import data.a.b as b` says no more than `import data.a.b`.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "imports"
LEVEL = "warning"
HELP = "leave the alias out"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for one in module.imports:
        if one.alias and one.path and one.alias == one.path[-1]:
            yield one.line, f"`as {one.alias}` is redundant"
