"""`not` before a set, which is always defined.

A set is defined even when it is empty, so `not` of it never holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "error"
HELP = "ask for a member, or compare: `count(set) == 0`"


def check(module: Module, linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    sets = {head.name for head in module.rules if head.is_set}
    sets |= {
        f"{one.name}.{path[-1]}"
        for one in module.imports
        for path, heads in linted.heads.items()
        if path[:-1] == one.path[1:] and any(head.is_set for head in heads)
    }
    for head in module.rules:
        for body in head.bodies:
            for statement in body:
                run = statement.tokens
                name = "".join(token.text for token in run[1:])
                if run[0].text == "not" and name in sets:
                    yield statement.line, f"`not {name}` never holds, for `{name}` is a set"
