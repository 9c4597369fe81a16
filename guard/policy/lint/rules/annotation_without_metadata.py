"""An annotation that does not begin with `# METADATA`.

Without the first line it is a comment, and what it says does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "error"
HELP = "write `# METADATA` above it"

_ANNOTATION = re.compile(r"# (title|description|scope|entrypoint|custom|related_resources|authors|organizations):")


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    inside = False
    before = 0
    for line, text in module.comments:
        inside = text.strip() == "# METADATA" or (inside and line == before + 1)
        if not inside and _ANNOTATION.match(text) and line != before + 1:
            yield line, "the annotation does not begin with `# METADATA`"
        before = line
