"""Keys collected by hand.

`object.keys` says it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from guard.policy.lint.module import Module, spelt
from guard.policy.lint.pack import Linted

CATEGORY = "idiomatic"
LEVEL = "warning"
HELP = "write `object.keys(x)`"

_KEYS = re.compile(r"\{ (\w+) \| some (\w+) , _ in [^{}]+ \}")


def module_keys(module: Module) -> Iterator[int]:
    """Lines of comprehensions that collect keys and nothing else."""
    for head in module.rules:
        if any(found[1] == found[2] and ";" not in found[0] for found in _KEYS.finditer(spelt(head.tokens))):
            yield head.line


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for line in module_keys(module):
        yield line, "the comprehension is `object.keys`"
