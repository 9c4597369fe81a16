"""A loop in the value of a rule.

`x := input.list[_]` is an error as soon as the list has two different elements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from guard.policy.lint.module import Module, spelt
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "error"
HELP = "collect them with `contains`, or pick one by a condition"

_LOOP = re.compile(r"^\w+(?: \. \w+| \[ [^\]{}]* \])* \[ _ \](?: \. \w+)*$")


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for head in module.rules:
        if not head.is_set and not head.is_test and head.operator and _LOOP.search(spelt(head.value)):
            yield head.line, f"the value of `{head.name}` iterates"
