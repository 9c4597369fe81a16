"""The builtins of Rego by name, with the number of their operands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache


@lru_cache(maxsize=1)
def builtin_names() -> Mapping[str, int]:
    """Name to arity, of what the embedded engine knows."""
    from guard.policy.rego.builtins import registry

    return {name: found.arity for name, found in registry().items()}
