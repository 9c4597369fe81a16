"""A long line.

Long lines are not read to their end.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "warning"
HELP = "break it"

MOST = 120


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for number, line in enumerate(module.lines, start=1):
        if len(line) > MOST and "http" not in line:
            yield number, f"the line has more than {MOST} characters"
