"""A long file.

A rule has a folder of its own; a file of many hundred lines holds more than one thing.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "warning"
HELP = "split it"

MOST = 500


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    if len(module.lines) > MOST:
        yield 1, f"the file has more than {MOST} lines"
