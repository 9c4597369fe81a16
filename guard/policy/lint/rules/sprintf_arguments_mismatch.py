"""`sprintf` with too few or too many arguments.

The message would hold `%!d(MISSING)` or `%!(EXTRA ...)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from guard.policy.lint.module import Module, calls, split
from guard.policy.lint.pack import Linted

CATEGORY = "bugs"
LEVEL = "error"
HELP = "give one argument for each verb"

_VERB = re.compile(r"%[-+# 0]*[\d*]*(?:\.[\d*]+)?[a-zA-Z]")


def check(module: Module, _linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    for name, inside, at in calls(module.tokens):
        parts = split(inside, ",")
        if name != "sprintf" or len(parts) != 2 or len(parts[0]) != 1 or parts[0][0].kind != "string":
            continue
        if parts[1][0].text != "[" or parts[1][-1].text != "]":
            continue
        verbs = _VERB.findall(parts[0][0].text.replace("%%", ""))
        if len(verbs) != len(split(parts[1][1:-1], ",")) and "*" not in "".join(verbs):
            yield module.tokens[at].line, f"`sprintf` has {len(verbs)} verbs and another number of arguments"
