"""Packages that import each other.

Rules that depend on each other in a circle do not compile; packages that do are about to.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted

CATEGORY = "imports"
LEVEL = "error"
HELP = "move what both need to `lib`"


def check(module: Module, linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    reach = {other.package: {one.path[1:] for one in other.imports} for other in linted.modules.values()}
    for one in module.imports:
        seen: set[tuple[str, ...]] = set()
        waiting = [one.path[1:]] if one.path[:1] == ("data",) else []
        while waiting:
            at = waiting.pop()
            if at == module.package:
                yield one.line, f"`{'.'.join(one.path)}` leads back to this package"
                break
            if at not in seen:
                seen.add(at)
                waiting += reach.get(at, ())
