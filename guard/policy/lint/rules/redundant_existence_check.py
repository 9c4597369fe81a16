"""A check that the next line makes by itself.

A reference that is undefined fails the statement that uses it; asking first says nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from guard.policy.lint.module import Module, spelt
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "warning"
HELP = "remove the first of the two"

_REFERENCE = re.compile(r"\w+( \. \w+)+")


def _uses(text: str, following: str) -> bool:
    return re.search(rf"(?<![\w.] ){re.escape(text)}(?! [.\[])", following) is not None and not following.startswith(
        "not "
    )


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        for body in head.bodies:
            for statement, following in pairwise(body):
                text = spelt(statement.tokens)
                if "." in text and _REFERENCE.fullmatch(text) and _uses(text, spelt(following.tokens)):
                    yield statement.line, "the next statement checks that it exists"
