"""The public surface: what other people's programs rely on."""

from __future__ import annotations

import subprocess
import sys

import guard

PUBLIC = [
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
HEAVY = ("pyarrow", "duckdb", "sqlalchemy", "numpy", "cryptography", "regopy", "presidio_analyzer", "sqlglot")


def test_the_public_names_are_exactly_these() -> None:
    """Widening or narrowing the surface is a change that somebody reviews here."""
    assert guard.__all__ == PUBLIC
    assert len(PUBLIC) <= 25


def test_every_public_name_resolves() -> None:
    """A lazy name that leads nowhere would fail only in a user's program."""
    assert [name for name in PUBLIC if getattr(guard, name, None) is None] == []


def test_rooms_are_reachable_as_attributes() -> None:
    """`guard.lineage.extract` works after `import guard` alone."""
    assert callable(guard.lineage.extract)


def test_import_loads_nothing_heavy() -> None:
    """`import guard` stays light: heavy parts come with their first use."""
    code = f"import guard, sys; print([name for name in {HEAVY!r} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
