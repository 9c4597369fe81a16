"""The pages about classification say what the code does."""

from __future__ import annotations

import doctest
import re
import types
from pathlib import Path

import pytest

from guard.classify import catalogue, taxonomy
from guard.classify.detector import load

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_of_kinds_is_up_to_date(rules: Path) -> None:
    """`docs/reference/kinds.md` is what the generator writes now, with a row for every kind."""
    loaded = taxonomy.load(rules / "taxonomy")
    text = (DOCS / "reference" / "kinds.md").read_text("utf-8")
    assert text == catalogue.page(loaded), "run: python -m guard.classify.catalogue rules > docs/reference/kinds.md"
    assert [kind for kind in loaded.kinds if f"| `{kind}` |" not in text] == []


def test_the_example_detector_runs() -> None:
    """The module in the how-to is a detector: its doctest passes and its facts load."""
    page = (DOCS / "how-to" / "add-a-detector.md").read_text("utf-8")
    source = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert source
    module = types.ModuleType("library_card")
    exec(compile(source[1], "library_card", "exec"), module.__dict__)
    assert doctest.testmod(module).failed == 0
    detector = load("city.library_card", module)
    assert detector.check("L1234567-8")
    assert detector.explain("L1234567-7") == "fails: a digit sum that is a multiple of nine"


def test_the_example_pass_rate_is_right() -> None:
    """The rate in the how-to is the measured one: one letter in 26 and about one digit sum in nine."""
    assert pytest.approx(0.0043, rel=0.02) == 1 / 26 / 9
