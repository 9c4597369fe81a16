"""What the log says of the keys that a plan used."""

from __future__ import annotations

import pytest

from guard.anonymize.plan import Plan
from guard.engine.keyring import key_use
from tests.anonymize.cases import KEYRING


@pytest.mark.parametrize(
    ("fields", "used"),
    [
        ("  a: {transform: redact}\n  b: {transform: keep}\n", {}),
        ("  a: {transform: siv}\n  b: {transform: pseudonym}\n", {"key_versions": [2]}),
        ("  a: {transform: siv, version: 1}\n  b: {transform: ff1}\n", {"key_versions": [1, 2]}),
    ],
)
def test_versions_of_keyed_transforms(fields: str, used: dict[str, list[int]]) -> None:
    """The current version, or the one that a field names; nothing where no transform has a key."""
    assert key_use(Plan.parse(f"version: 1\npurpose: p\nfields:\n{fields}"), KEYRING) == used
