"""A test package in a file that is not named so.

Only `<rule>_test.rego` is taken for tests.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "testing"
LEVEL = "error"
HELP = "rename the file"


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    if module.package and module.package[-1].endswith("_test") and not module.is_test:
        yield 1, "the file does not end with `_test.rego`"
