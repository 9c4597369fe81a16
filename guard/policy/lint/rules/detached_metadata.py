"""An annotation with an empty line below it.

An annotation belongs to what stands right below it.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "style"
LEVEL = "error"
HELP = "remove the empty line"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    inside = False
    before = 0
    for line, text in module.comments:
        if inside and line != before + 1:
            inside = False
        inside = inside or text.strip() == "# METADATA"
        before = line
        ends = inside and line < len(module.lines) and not module.lines[line].strip().startswith("#")
        if ends and not module.lines[line].strip():
            yield line, "the annotation does not reach what it describes"
