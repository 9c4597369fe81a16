"""guard: find sensitive data, decide who may see it, enforce that on SQL, and prove afterwards who saw what.

The public names load on first use, so that `import guard` stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guard.engine import Guard, Result
    from guard.engine import open_guard as open  # noqa: A004 - `guard.open()` is the name users rely on
    from guard.errors import AccessDeniedError, ConfigError, GuardError
    from guard.model import Decision, FieldLabel, Finding, Label, QueryLineage, ScanReport, Subject

_WHERE = {
    "AccessDeniedError": ("guard.errors", "AccessDeniedError"),
    "ConfigError": ("guard.errors", "ConfigError"),
    "Decision": ("guard.model", "Decision"),
    "FieldLabel": ("guard.model", "FieldLabel"),
    "Finding": ("guard.model", "Finding"),
    "Guard": ("guard.engine", "Guard"),
    "GuardError": ("guard.errors", "GuardError"),
    "Label": ("guard.model", "Label"),
    "QueryLineage": ("guard.model", "QueryLineage"),
    "Result": ("guard.engine", "Result"),
    "ScanReport": ("guard.model", "ScanReport"),
    "Subject": ("guard.model", "Subject"),
    "open": ("guard.engine", "open_guard"),
}

__version__ = "0.1.0"
__all__ = [
    "AccessDeniedError",
    "ConfigError",
    "Decision",
    "FieldLabel",
    "Finding",
    "Guard",
    "GuardError",
    "Label",
    "QueryLineage",
    "Result",
    "ScanReport",
    "Subject",
    "open",
]

_ROOMS = frozenset({"anonymize", "audit", "classify", "dp", "integrations", "lineage", "policy", "testing"})


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        module, attribute = _WHERE[name]
        value = getattr(importlib.import_module(module), attribute)
    elif name in _ROOMS:
        value = importlib.import_module(f"guard.{name}")
    else:
        msg = f"module 'guard' has no attribute '{name}'"
        raise AttributeError(msg)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*__all__, *_ROOMS, "__version__"})
