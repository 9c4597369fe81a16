"""A reference to a rule that an imported package does not have.

It is undefined, and a rule that reads it never holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from guard.policy.lint.module import Module
from guard.policy.lint.pack import Linted
from guard.policy.lint.scope import base

CATEGORY = "imports"
LEVEL = "error"
HELP = "correct the name, or add the rule"


def check(module: Module, linted: Linted) -> Iterator[tuple[int, str]]:
    """Each place in the module."""
    known: dict[tuple[str, ...], set[str]] = {}
    for path in linted.heads:
        known.setdefault(path[:-1], set()).add(base(path[-1]))
    imported = {one.name: one.path[1:] for one in module.imports if one.path[:1] == ("data",)}
    run = module.tokens
    for at in range(len(run) - 2):
        is_name = run[at].kind == "name" and (at == 0 or run[at - 1].text not in {".", "as"})
        found = imported.get(run[at].text) if is_name else None
        if found in known and run[at + 1].text == "." and run[at + 2].text not in known[found]:
            yield run[at].line, f"`{'.'.join(found)}` has no rule `{run[at + 2].text}`"
