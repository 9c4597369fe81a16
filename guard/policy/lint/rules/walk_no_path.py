"""`walk` that builds paths nobody reads.

With a wildcard for the path OPA need not build it.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, calls, names, split
from guard.policy.lint.pack import Linted

CATEGORY = "performance"
LEVEL = "warning"
HELP = "write `walk(x, [_, value])`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        used = list(names(head.tokens))
        for name, inside, at in calls(head.tokens):
            pair = split(inside, ",")[1:2] if name == "walk" else []
            parts = split(pair[0][1:-1], ",") if pair and pair[0][0].text == "[" else []
            if len(parts) == 2 and len(parts[0]) == 1 and parts[0][0].text != "_" and used.count(parts[0][0].text) == 1:
                yield head.tokens[at].line, "the path that `walk` gives is not used"
