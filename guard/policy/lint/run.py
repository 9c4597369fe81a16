"""Runs every rule of the linter over a pack."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from guard.model import Value
from guard.policy.lint import rules
from guard.policy.lint.module import Module, read
from guard.policy.lint.pack import Linted

if TYPE_CHECKING:
    from guard.policy.pack import Pack

_IGNORE = re.compile(r"#\s*(?:regal|guard)\s+ignore:\s*([\w,\s-]+)")


class LintRule(Value, frozen=True):
    """A rule of the linter. `check` yields the line and what is wrong there."""

    name: str
    category: str
    level: Literal["error", "warning"]
    title: str
    help: str
    check: Callable[[Module, Linted], Iterator[tuple[int, str]]]


class Finding(Value, frozen=True, order=True):
    """One place that a rule objects to."""

    file: str
    line: int
    rule: str
    category: str
    level: str
    message: str
    help: str


@lru_cache(maxsize=1)
def known() -> tuple[LintRule, ...]:
    """The rules, found in their folder, in the order of their names."""
    found = []
    for each in pkgutil.iter_modules(rules.__path__):
        module: Any = importlib.import_module(f"{rules.__name__}.{each.name}")
        found.append(
            LintRule(
                name=each.name.rstrip("_").replace("_", "-"),
                category=module.CATEGORY,
                level=module.LEVEL,
                title=(module.__doc__ or "").splitlines()[0].rstrip("."),
                help=module.HELP,
                check=module.check,
            )
        )
    return tuple(found)


def lint(pack: Pack) -> list[Finding]:
    """What the rules object to, in the order of files and lines.

    Raises:
        PolicyError: a file holds a character that Rego does not have.
    """
    modules = {name: read(name, text) for name, text in {**pack.files, **pack.tests}.items()}
    return sorted(_findings(Linted(modules, pack.data)))


def _findings(linted: Linted) -> Iterator[Finding]:
    for file, module in linted.modules.items():
        ignored = _ignored(module)
        for rule in known():
            for line, message in rule.check(module, linted):
                if rule.name not in ignored.get(line, ()):
                    yield Finding(file, line, rule.name, rule.category, rule.level, message, rule.help)


def _ignored(module: Module) -> dict[int, frozenset[str]]:
    """The rules that a comment switches off: on its own line, and on the next."""
    found: dict[int, frozenset[str]] = {}
    for line, text in module.comments:
        match = _IGNORE.search(text)
        if match:
            listed = frozenset(name.strip() for name in match[1].split(","))
            for place in (line, line + 1):
                found[place] = found.get(place, frozenset()) | listed
    return found
