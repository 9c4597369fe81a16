"""An import named like a rule of the module.

Which of the two is meant depends on where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "error"
HELP = "name one of them otherwise"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    own = {head.name for head in module.rules}
    for one in module.imports:
        if one.name in own:
            yield one.line, f"`{one.name}` is a rule of this module too"
