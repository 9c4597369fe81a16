"""Importing the room loads nothing heavy, and the doctests of its modules run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import guard.classify

MODULES = sorted(
    module.name for module in pkgutil.iter_modules(guard.classify.__path__, "guard.classify.") if not module.ispkg
)


def test_import_is_light() -> None:
    """`import guard.classify` loads no table library, no Presidio, and no detector."""
    code = (
        "import sys, guard.classify; heavy = ('pyarrow', 'duckdb', 'presidio_analyzer', 'spacy', 'stdnum'); "
        "print([name for name in sys.modules if name.split('.')[0] in heavy or 'classify.detectors.' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    """The examples in the docstrings run."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0
