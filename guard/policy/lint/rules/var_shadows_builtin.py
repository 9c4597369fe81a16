"""A variable named like a builtin.

In this rule the builtin cannot be called any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from guard.policy.lint.known_builtins import builtin_names
from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "error"
HELP = "give the variable another name"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        arguments = [argument[0] for argument in head.arguments or () if len(argument) == 1]
        assigned = [token for token, after in pairwise(head.tokens) if after.text == ":=" and token.kind == "name"]
        for token in (*arguments, *assigned):
            if token.text in builtin_names() and token.text != head.name:
                yield token.line, f"the variable `{token.text}` hides a builtin"
