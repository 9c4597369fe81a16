"""A second name for one thing.

Two names for one value make readers look for a difference.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, is_literal
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "warning"
HELP = "use the first name"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        if not head.bodies and head.operator and not head.is_default and len(head.value) == 1:
            token = head.value[0]
            if token.kind == "name" and not is_literal(head.value) and token.text not in {"input", "data"}:
                yield head.line, f"`{head.name}` is only another name for `{token.text}`"
