"""A name like `foo`.

Names of tests and rules say what they stand for.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted
from guard.policy.lint.scope import base

CATEGORY = "testing"
LEVEL = "warning"
HELP = "name it for what it is"

_NAMES = frozenset({"foo", "bar", "baz", "qux", "quux", "foobar"})


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        if base(head.name) in _NAMES or any(part in _NAMES for part in base(head.name).split("_")):
            yield head.line, f"`{base(head.name)}` says nothing"
