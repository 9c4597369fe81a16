"""A rule that stands twice.

The second copy changes nothing today, and only one of them will be changed tomorrow.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, spelt
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "error"
HELP = "remove one of them"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    seen: dict[str, int] = {}
    for head in module.rules:
        text = spelt(head.tokens)
        if text in seen:
            yield head.line, f"the rule stands at line {seen[text]} already"
        seen.setdefault(text, head.line)
