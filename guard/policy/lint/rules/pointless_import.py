"""An import that nothing uses.

It slows readers down, and hides a rule that was meant to be used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from guard.policy.lint.module import Module, names
from guard.policy.lint.pack import Linted

CATEGORY = "imports"
LEVEL = "warning"
HELP = "remove it"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    used = set(names([token for token in module.tokens if token.text not in {"import"}]))
    counted = Counter(names(module.tokens))
    for one in module.imports:
        if one.path[:1] == ("rego",) or one.path[:1] == ("future",):
            continue
        within = sum(one.name == part for part in (one.path[0], one.alias))
        if (one.name in used and counted[one.name] <= within) or one.name not in used:
            yield one.line, f"`{one.name}` is imported and not used"
