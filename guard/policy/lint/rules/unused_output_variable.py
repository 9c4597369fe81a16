"""A variable that is bound and never used.

A loop over something that nobody looks at asks only whether it is empty.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, names
from guard.policy.lint.pack import Linted
from guard.policy.lint.scope import bound_by_some

CATEGORY = "bugs"
LEVEL = "warning"
HELP = "use it, or name it `_`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        used = list(names(head.tokens))
        for name, line in bound_by_some(head.tokens):
            if name != "_" and used.count(name) == 1:
                yield line, f"`{name}` is bound and never used"
