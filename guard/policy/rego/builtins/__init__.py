"""OPA's builtin functions, one file a family; the tree is the registry.

A builtin is found by being in this folder with the `builtin` decorator. What touches the network
(`http.send`, `net.lookup_ip_addr`) is left out on purpose: a policy that calls it does not load.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping

from guard.policy.rego.builtins.registry import Builtin

NOT_FAMILIES = frozenset({"registry"})


@functools.cache
def registry() -> Mapping[str, Builtin]:
    """All builtins by their Rego names."""
    found: dict[str, Builtin] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name in NOT_FAMILIES or module.ispkg:
            continue
        family = importlib.import_module(f"{__name__}.{module.name}")
        for value in vars(family).values():
            if isinstance(value, Builtin) and value.home == family.__name__:
                found[value.name] = value
    return found
