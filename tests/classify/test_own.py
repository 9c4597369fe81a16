"""A user's own detectors: found in texts and columns, held to their cases, and never able to hang."""

from __future__ import annotations

import shutil
import types

import pyarrow as pa
import pytest

from guard.classify import Classifier, own, registry
from guard.errors import ConfigError
from guard.model import Dataset

CARD = """\
city.library_card:
  shape: 'A9{8}'
  form: 'L[0-9]{8}'
  check_digit: luhn
  pass_rate: 0.004
  context: [library card, 借书证]
  positive: ['L12345674']
  hard_negative: ['L12345678', 'M12345674']
"""
ROW = """\
category: city
labels: {en: City, zh-Hans: 城市, zh-Hant: 城市}
kinds:
  city.library_card: {level: 2, labels: {en: Library card, zh-Hans: 借书证号, zh-Hant: 借書證號}}
"""


@pytest.fixture(autouse=True)
def nobody_elses():
    """What a test adds is gone after it."""
    yield
    registry._own.clear()
    registry.forget_made()


def valid(number: int) -> str:
    from stdnum import luhn

    body = f"{number:07d}"
    return f"L{body}{luhn.calc_check_digit(body)}"


@pytest.fixture
def pack(rules, tmp_path):
    """The default pack with one detector more."""
    folder = tmp_path / "rules"
    shutil.copytree(rules, folder)
    (folder / "detectors").mkdir()
    (folder / "detectors" / "city.yaml").write_text(CARD)
    (folder / "taxonomy" / "city.yaml").write_text(ROW)
    return folder


def test_a_detector_of_a_few_lines_finds_its_kind(pack):
    """In a text beside its word, and in a column without a name; also after texts of that shape were read before."""
    before = Classifier.load(pack)
    text = f"您的借书证{valid(1234567)}已到期"
    assert [found.kind for found in before.classify_text(text)] == ["city.library_card"]
    table = pa.table({"c1": [valid(7_919 * n % 10**7) for n in range(200)]})
    (label,) = before.classify_table(table, dataset=Dataset("m", "t"))
    assert (label.label.kind, label.label.level) == ("city.library_card", 2)


def test_a_text_that_was_read_before_is_read_anew(classifier, pack):
    """What was made from the detectors that there were is forgotten."""
    text = f"您的借书证{valid(1234567)}已到期"
    assert "city.library_card" not in [found.kind for found in classifier.classify_text(text)]
    assert "city.library_card" in [found.kind for found in Classifier.load(pack).classify_text(text)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("'L12345674'", "'L12345675'", "positive case 1 fails: check digit"),
        ("'L12345674'", "'X12345674'", "positive case 1 fails: the form"),
        ("shape: 'A9{8}'", "shape: 'A9{7}'", "shape lets positive case 1 not through"),
        ("'L12345678'", "'L12345674'", "hard negative case 1 passes"),
        ("positive: ['L12345674']", "positive: []", "no positive or no hard negative case"),
        ("'L[0-9]{8}'", "'L(([0-9]+)+)x'", "time without end"),
        ("'L[0-9]{8}'", "'L[0-9'", "not a regular expression"),
        ("city.library_card:", "Library:", "not the id of a kind"),
        ("city.library_card:", "cn.mobile:", "another detector"),
        ("pass_rate: 0.004", "pass_rate: 2", "pass_rate"),
        ("check_digit: luhn", "checkdigit: luhn", "checkdigit"),
    ],
)
def test_a_detector_whose_cases_do_not_hold_is_not_loaded(pack, old, new, message):
    """And the message holds no value of a case."""
    path = pack / "detectors" / "city.yaml"
    text = CARD.replace(old, new, 1)
    assert text != CARD
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as refused:
        Classifier.load(pack)
    assert "1234567" not in str(refused.value)


def test_a_detector_without_a_row_in_the_taxonomy_is_refused(pack):
    """Nobody would know its level."""
    (pack / "taxonomy" / "city.yaml").unlink()
    with pytest.raises(ConfigError, match=r"no row for the detector `city\.library_card`"):
        Classifier.load(pack)


def test_a_module_is_held_to_its_cases(monkeypatch):
    """As a file of YAML is."""
    module = types.ModuleType("badge")
    module.SHAPE, module.PASS_RATE, module.CONTEXT = "A9{4}", 0.1, ("badge",)
    module.normalise, module.check, module.explain = str.strip, lambda text: text[0] == "B", lambda text: "fails: B"
    monkeypatch.setattr("inspect.getsource", lambda _: "badge")
    with pytest.raises(ConfigError, match="has no `POSITIVE`"):
        own.register("city.badge", module)
    module.POSITIVE, module.HARD_NEGATIVE = ("A1234",), ("C1234",)
    with pytest.raises(ConfigError, match="positive case 1 fails: B"):
        own.register("city.badge", module)
    module.POSITIVE = ("B1234",)
    own.register("city.badge", module)
    assert "city.badge" in registry.detectors()
