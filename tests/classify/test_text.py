"""Running text: every case whole, spans in the text as given, no silent cap, and no work beyond the linear."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.classify import page, reading, token
from guard.classify import text as module
from guard.classify.fold import fold
from guard.classify.text import classify_text

CASES = yaml.safe_load((Path(__file__).resolve().parents[1] / "cases" / "classify_text.yml").read_text("utf-8"))


def found(text: str) -> list[list[str]]:
    """Kinds and the texts of their spans."""
    return [[finding.kind, text[finding.start : finding.end]] for finding in classify_text(text)]


@pytest.mark.parametrize("case", CASES, ids=[case["text"][:24] for case in CASES])
def test_case(case: dict) -> None:
    """Exactly the listed kinds are found, with exact spans."""
    assert found(case["text"]) == case["finds"]


def test_word_boundaries_of_unicode_would_be_blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The seeded fault that everyone ships: with a Unicode word boundary the glued number is not found."""
    assert found("手机号13800138000")
    monkeypatch.setattr(page, "RUN", re.compile(r"\b" + token.RUN.pattern))
    assert not found("手机号13800138000")


def test_spans_refer_to_the_text_as_given() -> None:
    """Characters that fold to several, or to none, do not move a span."""
    text = "㎏ﬁ①\u200b卡号４４５４７９４５１１３９０９３３到期"
    assert found(text) == [["intl.credit_card", "４４５４７９４５１１３９０９３３"]]
    assert found("手机138\u200b0013\u200b8000") == [["cn.mobile", "138\u200b0013\u200b8000"]]


@given(st.text(max_size=60))
def test_fold_maps_every_character_back(text: str) -> None:
    """The map is as long as the folded text and an end, never falls, and stays inside the text."""
    folded, origin = fold(text)
    assert len(origin) == len(folded) + 1
    assert list(origin) == sorted(origin)
    assert origin[len(folded)] == len(text)


@given(st.text(alphabet="0123456789Xx aA@.:-/()号王路市，", max_size=80))
@settings(max_examples=200)
def test_findings_are_ordered_disjoint_and_sure_enough(text: str) -> None:
    """For any text: spans lie in it, in order, apart from each other, and scores are probabilities of at least one
    half."""
    end = 0
    for finding in classify_text(text):
        assert end <= finding.start < finding.end <= len(text)
        assert 0.5 <= finding.score <= 1.0
        assert finding.evidence
        end = finding.end


@given(st.text(alphabet="0123456789Xx aA@.:-/()号王路市，", max_size=60))
def test_weights_add_up_to_the_score(text: str) -> None:
    """The evidence of a finding, added up, is its score."""
    for finding in classify_text(text):
        bits = sum(item.weight for item in finding.evidence)
        assert finding.score == pytest.approx(1 / (1 + 2**-bits))


def test_nothing_is_skipped_in_a_large_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value on the seam between two pieces of a large text is found once, as are those before and after."""
    monkeypatch.setattr(module, "CHUNK", 2_000)
    monkeypatch.setattr(module, "OVERLAP", 100)
    line = "手机号13800138000，"
    text = line * 1_000
    assert [finding.start for finding in classify_text(text)] == [index * len(line) + 3 for index in range(1_000)]


def test_a_long_run_is_read_to_its_end() -> None:
    """A run without a space is read in windows: the last parameter of a very long query is found."""
    text = "a=b1&" * 4_000 + "phone=13800138000"
    assert found(text) == [["cn.mobile", "13800138000"]]


def test_evidence_holds_no_value() -> None:
    """Marked values appear in no representation of a finding."""
    text = "手机号13800138000 身份证11010519491231002X mail canary-9f3@example.com 密码：CANARY-77xq 患者王小明"
    said = repr(classify_text(text))
    for value in ("13800138000", "11010519491231002X", "canary-9f3", "CANARY-77xq", "王小明"):
        assert value not in said


HOSTILE = [
    "1",
    "1 ",
    "a",
    "Aa ",
    "1.",
    "a@",
    "a.a@",
    "1:",
    "1-",
    "王",
    "路1号",
    "市",
    "password",
    "a://",
    "(1",
    "密码:",
    "1.234,",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_texts_are_read(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Repetition makes no pattern explode: the number of readings grows with the text and not faster."""
    count = 0
    real = token.readings

    def counting(*args):
        nonlocal count
        for one in real(*args):
            count += 1
            yield one

    monkeypatch.setattr(token, "readings", counting)
    monkeypatch.setattr(reading, "PLANS", reading.Plans())
    monkeypatch.setattr(module, "PLANS", reading.PLANS)
    classify_text(unit * (20_000 // len(unit)))
    assert count <= 12 * 20_000


_PHONE_WORDS = """
tel telephone phone ph mobile cell fax desk call calls message messages dial ring whatsapp sms hotline
电话 電話 手机 手機 传真 傳真 座机 热线
"""


@pytest.mark.parametrize("word", [*_PHONE_WORDS.split()])
def test_the_word_beside_a_number_counts_in_a_text_of_any_length(word: str) -> None:
    """Long texts are read by a table that leaves other scripts out; the words beside a number are read all the same."""
    for before in ("", "好。" * page.SHORT + "\n"):
        (found,) = classify_text(f"{before}{word} 555 01439.", names=False)
        assert (found.kind.partition(".")[2], found.start) == ("phone", len(before) + len(word) + 1)
