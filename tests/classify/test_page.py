"""The fast page and the patterns see the same, and so does the fold by table."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from guard.classify import page as module
from guard.classify import prose
from guard.classify.fold import _SHORT, fold
from guard.classify.page import Page, by_classes, by_patterns
from guard.classify.reading import Plan

TEXT = st.text(alphabet="0123456789ABZXaz @.:-/()+,$=\n号京密年月日王\U0001f600é", max_size=80)
PIECES = st.lists(
    st.sampled_from(
        [
            "京A12345",
            "粤BD12345",
            "机密★20年",
            "2024年1月2日",
            "1999 年 12 月 3 日",
            "31.230416, 121.473701",
            "-12.3456;8.9999",
            "1.234 5.678 9.101",
            "(021) 62345678",
            "DE89 3704 0044 0532 0130 00",
            "GB29 NWBK 6016 1331",
            "138 0013 8000",
            "2024-01-02 10:11:12",
            "密码：Tr0ub4dor&3x",
            "db_PASSWORD=hunter22x",
            "dsn postgresql://app:S3cret@db.internal:5432/crm",
            "😀",
            " ",
            "，",
            "a",
            ") (",
        ]
    ),
    max_size=12,
).map("".join)


def seen(page: Page) -> tuple[object, ...]:
    """What a reader takes from a page."""
    return page.runs, [page.shapes[a:b] for a, b in page.runs], sorted(set(prose.identifiers(page)))


@given(st.one_of(TEXT, PIECES))
@settings(deadline=None, max_examples=300)
@example("f) (1")
@example("9) (1 2")
def test_classes_and_patterns_agree(text: str) -> None:
    """Runs, their shapes and what prose finds are the same by the table as by the patterns."""
    folded, _ = fold(text)
    assert seen(by_classes(folded)) == seen(by_patterns(folded))


@pytest.mark.parametrize("bit", ["_ANCHOR", "_PROVINCE", "_SECRET", "_YEAR", "_DOT"])
def test_a_class_that_is_lost_is_noticed(bit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The seeded fault: without one of the classes the two disagree."""
    text = "京A12345 机密★20年 2024年1月2日 31.230416, 121.473701 13800138000"
    assert seen(by_classes(text)) == seen(by_patterns(text))
    monkeypatch.setattr(module, bit, 0)
    assert seen(by_classes(text)) != seen(by_patterns(text))


@given(st.text(max_size=40))
@settings(deadline=None, max_examples=200)
@example("㎏ﬁ①\u200b\U0001f600\U0002f800\U000e0001４")
def test_fold_by_table_is_fold_by_character(text: str) -> None:
    """A text that is long enough for the table folds as its short parts do, and its map points to the same places."""
    filler = "，" * _SHORT
    folded, origin = fold(filler + text)
    short, places = fold(text)
    assert folded == "," * _SHORT + short
    assert [place - _SHORT for place in list(origin)[_SHORT:]] == list(places)


def test_fold_is_nfkc_but_for_dashes_and_invisible_characters() -> None:
    """Every character of the tables folds as Unicode says."""
    text = "".join(map(chr, range(0xFF00, 0xFFF0))) + "①㎏ﬁＡ９"
    assert fold(text)[0] == unicodedata.normalize("NFKC", text)


@pytest.mark.parametrize(
    ("between", "held"),
    [(", 12", True), (" " * 26 + "12", True), (" " * 27 + "12", False), (" a 12", False)],
)
def test_the_dots_of_a_position_are_near_and_no_letter_is_between(between: str, held: bool) -> None:
    """At most 32 characters from dot to dot, as from this dot to the next; a letter anywhere between parts them."""
    points = by_classes(f"1.230{between}.4737").points
    assert points == ([1] if held else [])


def test_a_run_that_nothing_fits_is_idle_only_once_its_parts_were_read() -> None:
    """A plan that calls itself idle too early would hide the parts of a run."""
    nothing, parts = Plan("99.99"), Plan("aaaa=99999999999")
    assert not nothing.idle
    assert not parts.idle
    assert (nothing.rest(), nothing.idle) == ((), True)
    assert (bool(parts.rest()), parts.idle) == (True, False)
