"""A comment without a space.

`#text` reads like a tag.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "warning"
HELP = "write `# text`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for line, text in module.comments:
        if len(text) > 1 and text[1] not in " #!":
            yield line, "there is no space after `#`"
