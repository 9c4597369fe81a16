"""An attribute that annotations do not have.

OPA passes over what it does not know; a misspelt attribute is lost without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "error"
HELP = "put it under `custom`, or correct its name"

_KEY = re.compile(r"# (\w+):")
_KNOWN = frozenset(
    {"title", "description", "scope", "entrypoint", "custom", "related_resources", "authors", "organizations"}
    | {"schemas", "compile"}
)


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    inside = False
    before = 0
    for line, text in module.comments:
        begins = text.strip() == "# METADATA"
        inside = begins or (inside and line == before + 1)
        found = _KEY.match(text) if inside else None
        if found and found[1] not in _KNOWN:
            yield line, f"annotations have no attribute `{found[1]}`"
        before = line
