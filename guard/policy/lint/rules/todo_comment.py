"""Something that is still to do.

A rule in force is done, or it is not in force.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "warning"
HELP = "do it, or keep the list elsewhere"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for line, text in module.comments:
        if text.lstrip("# ").upper().startswith(("TODO", "FIXME", "XXX")):
            yield line, "something is still to do"
