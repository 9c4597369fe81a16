"""A pattern with doubled backslashes.

In a raw string the pattern reads as it is matched.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, calls
from guard.policy.lint.pack import Linted

CATEGORY = "idiomatic"
LEVEL = "warning"
HELP = "write the pattern between backquotes"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for name, inside, at in calls(module.tokens):
        pattern = inside[0].text if name.startswith("regex.") and inside else ""
        if pattern.startswith('"') and "\\\\" in pattern:
            yield module.tokens[at].line, "the pattern is no raw string"
