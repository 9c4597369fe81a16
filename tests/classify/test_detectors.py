"""Every detector: its cases, its doctests, its declared facts, and that adding one costs a module and a case file."""

from __future__ import annotations

import doctest
import importlib
import inspect
import random
import re
from pathlib import Path

import msgspec
import pytest
import yaml

from guard.classify import detectors as package
from guard.classify.detector import Detector
from guard.classify.published import published
from guard.classify.registry import detectors
from guard.classify.shape import shape_of
from tests.classify.shapes import random_text

CASES = Path(__file__).resolve().parents[1] / "cases" / "classify"
KINDS = sorted(detectors())


class Cases(msgspec.Struct, forbid_unknown_fields=True):
    """One case file."""

    positive: list[str]
    hard_negative: list[str]


def cases(kind: str) -> Cases:
    """The cases of a kind."""
    return msgspec.convert(yaml.safe_load((CASES / f"{kind}.yml").read_text("utf-8")), Cases)


def test_ids_are_paths() -> None:
    """The id of a detector is its path below the package, and there are at least 150, 45 of them Chinese."""
    folder = Path(package.__path__[0])
    paths = {".".join(path.relative_to(folder).with_suffix("").parts) for path in folder.rglob("*.py")}
    assert set(KINDS) == {path for path in paths if not path.endswith("__init__")}
    assert len(KINDS) >= 150
    assert sum(kind.split(".")[0] in {"cn", "tw", "hk", "mo"} for kind in KINDS) >= 45


def test_registration_is_a_module_and_a_case_file() -> None:
    """Each detector has a case file, each case file a detector, and no other list names them."""
    assert {path.stem for path in CASES.glob("*.yml")} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_cases(kind: str) -> None:
    """Every positive passes its detector and every hard negative fails it, by the rules and not by the shape alone."""
    detector = detectors()[kind]
    case = cases(kind)
    assert len(case.positive) + len(case.hard_negative) >= 3
    assert [text for text in case.positive if not detector.check(text)] == []
    assert [text for text in case.hard_negative if detector.check(text)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_shape_lets_its_values_through(kind: str) -> None:
    """The prefilter never hides a value from its detector: its shape matches, as written or without separators."""
    shape = detectors()[kind].shape
    hidden = [
        text
        for text in cases(kind).positive
        if not shape.fullmatch(shape_of(text)) and not shape.fullmatch(re.sub("[ -]", "", shape_of(text)))
    ]
    assert hidden == []


@pytest.mark.parametrize("kind", KINDS)
def test_explain_agrees_and_does_not_echo(kind: str) -> None:
    """`explain` says passes exactly when `check` does, and never holds the value."""
    detector = detectors()[kind]
    case = cases(kind)
    for text in case.positive + case.hard_negative:
        said = detector.explain(text)
        assert said.startswith("passes: ") == detector.check(text)
        if len(text) >= 5 and not text.isalpha():
            assert text not in said
            assert detector.normalise(text) not in said


@pytest.mark.parametrize("kind", KINDS)
def test_normalise_is_idempotent(kind: str) -> None:
    """A normalised value stays as it is, and still passes."""
    detector = detectors()[kind]
    for text in cases(kind).positive:
        once = detector.normalise(text)
        assert detector.normalise(once) == once
        assert detector.check(once)


@pytest.mark.parametrize("kind", KINDS)
def test_doctests(kind: str) -> None:
    """The examples in the specification run."""
    module = importlib.import_module(f"{package.__name__}.{kind}")
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("kind", KINDS)
def test_specification_names_its_source(kind: str) -> None:
    """The docstring says what the kind is and where the rules stand."""
    text = inspect.getdoc(importlib.import_module(f"{package.__name__}.{kind}")) or ""
    assert re.search(r"^References?: ", text, re.MULTILINE)


MEASURED = [
    kind
    for kind in KINDS
    if kind.split(".")[0] in {"cn", "tw", "hk", "mo"} and kind not in {"cn.plate", "cn.secrecy_mark"}
]
PUBLISHED = [
    kind
    for kind in KINDS
    if importlib.import_module(f"{package.__name__}.{kind}").__dict__.get("published") is published
]
MEASURED += PUBLISHED
MEASURED += ["intl.credit_card", "intl.imei", "intl.imsi", "intl.iccid", "intl.vin", "intl.ipv4", "us.ssn", "us.phone"]


def measured(detector: Detector, draws: int) -> float:
    """The share of random texts of the detector's shape that pass."""
    r = random.Random(f"pass rate of {detector.id}")
    return sum(detector.check(random_text(detector.shape.pattern, r)) for _ in range(draws)) / draws


@pytest.mark.parametrize("kind", MEASURED)
def test_pass_rate_is_measured(kind: str) -> None:
    """The declared rate is no lower than what chance does, and not ten times higher where that can be seen."""
    detector = detectors()[kind]
    draws = 800 if kind in PUBLISHED else 6_000
    rate = measured(detector, draws)
    slack = 4.0 * (max(rate, 1 / draws) / draws) ** 0.5
    assert rate <= detector.pass_rate * 1.25 + slack
    if detector.pass_rate * draws >= 100:
        assert rate >= detector.pass_rate / 10
    assert detector.column_rate >= detector.pass_rate


def test_pass_rate_test_catches_a_wrong_rate() -> None:
    """A rate that is declared ten times too low is noticed."""
    card = detectors()["intl.credit_card"]
    rate = measured(card, 6_000)
    assert rate > card.pass_rate / 10 * 1.25 + 4.0 * (rate / 6_000) ** 0.5


def test_resident_number_wins_over_credit_code() -> None:
    """Three in a hundred resident numbers are valid credit codes as well; the rarer reading has the smaller rate."""
    known = detectors()
    assert known["cn.resident_id"].pass_rate < known["cn.uscc"].pass_rate / 10
