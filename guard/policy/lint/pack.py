"""What a rule of the linter may know beyond its module: the packages and rules of the whole pack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from guard.policy.lint.module import Head, Module


@dataclass(frozen=True)
class Linted:
    """The modules of a pack by file, and the keys of its data below `data`."""

    modules: Mapping[str, Module]
    data: Mapping[str, object] = field(default_factory=dict)

    @cached_property
    def packages(self) -> frozenset[tuple[str, ...]]:
        """Every package."""
        return frozenset(module.package for module in self.modules.values())

    @cached_property
    def heads(self) -> Mapping[tuple[str, ...], tuple[Head, ...]]:
        """The definitions of each rule by its whole path."""
        found: dict[tuple[str, ...], list[Head]] = {}
        for module in self.modules.values():
            for head in module.rules:
                found.setdefault((*module.package, head.name), []).append(head)
        return {path: tuple(heads) for path, heads in found.items()}
