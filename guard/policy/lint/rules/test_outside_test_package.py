"""A test in a package that does not end with `_test`.

It would be part of what decides.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "testing"
LEVEL = "error"
HELP = "move it to the file `<rule>_test.rego`"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    if module.package and not module.package[-1].endswith("_test"):
        for head in module.rules:
            if head.is_test:
                yield head.line, f"the test `{head.name}` stands among the rules"
