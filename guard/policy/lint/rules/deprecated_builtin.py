"""A builtin that OPA deprecated.

Deprecated builtins are gone from OPA 1.0 on.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module, calls
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "error"
HELP = "use what replaced it: `every`, `regex.match`, `net.cidr_contains`"

_GONE = frozenset(
    {"any", "all", "re_match", "net.cidr_overlap", "set_diff", "cast_array", "cast_set", "cast_string"}
    | {"cast_boolean", "cast_null", "cast_object"}
)


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for name, _, at in calls(module.tokens):
        if name in _GONE:
            yield module.tokens[at].line, f"`{name}` is deprecated"
