"""A rule that assigns what its default is.

Whether the rule holds or not, its value is the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, spelt
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "error"
HELP = "remove the rule, or correct its value"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    defaults = {head.name: spelt(head.value) for head in module.rules if head.is_default}
    for head in module.rules:
        if not head.is_default and head.value and defaults.get(head.name) == spelt(head.value):
            yield head.line, f"`{head.name}` is given its default value"
