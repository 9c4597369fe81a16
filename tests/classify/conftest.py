"""The classifier of the default rule pack, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from guard.classify import Classifier

RULES = Path(__file__).resolve().parents[2] / "rules"


@pytest.fixture(scope="session")
def rules() -> Path:
    """The folder of the default rule pack."""
    return RULES


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """The default classifier."""
    return Classifier.load(RULES)
