"""Reports by a scheme: dates on both sides, counts at N-1, N and N+1, three writings, and what is left out is told."""

from __future__ import annotations

import datetime as dt

import pytest

from guard.classify import scheme_report, schemes, taxonomy
from guard.errors import ConfigError, UsageError
from guard.model import Dataset, FieldLabel, FieldRef, Label

HERE = Dataset("file", "t.csv")
NOW = dt.date(2026, 6, 1)


@pytest.fixture(scope="module")
def known(rules):
    """The schemes of the default pack."""
    return schemes.load(rules / "schemes", taxonomy.load(rules / "taxonomy").kinds)


@pytest.fixture(scope="module")
def kinds(rules):
    """The taxonomy of the default pack."""
    return taxonomy.load(rules / "taxonomy")


@pytest.fixture(scope="module")
def rules():
    from tests.classify.conftest import RULES

    return RULES


def field(kind, path="a", verdict="sensitive"):
    return FieldLabel(FieldRef(HERE, path), verdict, Label(kind, 3) if verdict == "sensitive" else None)


def asked(known, kinds, *labels, scheme, day=NOW, rows=None):
    return scheme_report.report(known, kinds, labels, {"t.csv": rows}, scheme=scheme, as_of=day)


@pytest.mark.parametrize(
    ("scheme", "first"),
    [
        ("pipl", "2021-11-01"),
        ("gbt35273", "2020-10-01"),
        ("gbt45574", "2025-11-01"),
        ("gbt43697", "2024-10-01"),
        ("jrt0197", "2020-09-23"),
        ("cross_border", "2024-03-22"),
        ("secrecy", "2024-05-01"),
    ],
)
def test_a_scheme_holds_from_its_first_day(known, kinds, scheme, first):
    """The day before it says nothing, and no edition was in force."""
    day = dt.date.fromisoformat(first)
    label = {
        "secrecy": "cn.secrecy_mark",
        "cross_border": "cn.mobile",
        "gbt43697": "cn.mobile",
        "jrt0197": "cn.mobile",
    }.get(scheme, "intl.date_of_birth")
    before = asked(known, kinds, field(label), scheme=scheme, day=day - dt.timedelta(days=1))
    after = asked(known, kinds, field(label), scheme=scheme, day=day)
    assert (before.editions, before.named) == ((), ())
    assert len(after.editions) == 1
    if scheme not in ("cross_border", "gbt43697"):
        assert after.named[0][1][0].scheme == scheme


COUNTS = [
    ("gbt43697", "cn.mobile", 10_000_000, [0, 0, 1]),  # more than
    ("cross_border", "cn.mobile", 100_000, ["art. 5(4)", "art. 8", "art. 8"]),  # the number itself is not exempt
    ("cross_border", "cn.mobile", 1_000_000, ["art. 8", "art. 7(2)", "art. 7(2)"]),
    ("cross_border", "person.religion", 10_000, ["art. 8", "art. 7(2)", "art. 7(2)"]),
    ("cross_border", "person.religion", 1, [None, "art. 8", "art. 8"]),
]


@pytest.mark.parametrize(("scheme", "kind", "number", "expected"), COUNTS)
def test_counts_below_at_and_above(known, kinds, scheme, kind, number, expected):
    """以上 includes the number, 超过 and 不满 do not."""
    found = [asked(known, kinds, field(kind), scheme=scheme, rows=number + step).counted for step in (-1, 0, 1)]
    if scheme == "gbt43697":
        assert [len(each) for each in found] == expected
    else:
        assert [each[0].count.clause if each else None for each in found] == expected


def test_a_count_holds_from_its_own_day(known, kinds):
    """The Network Data Regulation came after the standard."""
    for day, applies in ((dt.date(2024, 12, 31), 0), (dt.date(2025, 1, 1), 1)):
        found = asked(known, kinds, field("cn.mobile"), scheme="gbt43697", day=day, rows=10_000_001)
        assert len(found.counted) == applies


def test_what_cannot_be_said_is_told(known, kinds):
    """Rows that nobody counted, fields that nobody read, kinds that the scheme does not name, clauses without rows."""
    unread = field("", "b", verdict="not_scanned")
    found = asked(known, kinds, field("cn.mobile"), unread, scheme="cross_border")
    assert (found.unknown_rows, found.unread, found.unnamed) == (("t.csv",), (unread,), (field("cn.mobile"),))
    for scheme in ("mlps", "gdpr", "ccpa", "gbt43697", "gbt45574"):
        assert asked(known, kinds, field("cn.mobile"), scheme=scheme).gaps
    with pytest.raises(UsageError):
        asked(known, kinds, scheme="nothing")


def test_the_kinds_inside_a_text_count(known, kinds):
    """A note that holds a bank card falls under financial accounts."""
    note = FieldLabel(
        FieldRef(HERE, "note"),
        "sensitive",
        Label("person.free_text", 4),
        others=(("cn.bank_card", 0.9), ("cn.qq", 0.1)),
    )
    (pair,) = asked(known, kinds, note, scheme="pipl").named
    assert [row.kind for row in pair[1]] == ["cn.bank_card"]


def test_every_row_has_three_writings(known):
    """And 繁體 is not 简体 where they differ."""
    assert [row for row in known.mappings if not row.category_zh_hant] == []
    simplified = set(
        "个类别证设备标识状态级条认险车轨迹码话邮号账关鉴辅传统单开际医疗诊检术历门销导业学网络财产属务处违记亲岁满龄儿党职资质区间发与电况"
    )
    assert [row for row in known.mappings if simplified & set(row.category_zh_hant)] == []
    texts = [gap for edition in known.editions for gap in edition.gaps]
    texts += [count.effect for edition in known.editions for count in edition.counts]
    assert [text for text in texts if simplified & set(text.zh_hant)] == []


@pytest.mark.parametrize("damage", ["certainty: S", "certainty: O, check: true"])
def test_a_count_that_was_not_read_is_not_shipped(rules, kinds, tmp_path, damage):
    """As a row that was not."""
    text = (rules / "schemes" / "cross_border.yaml").read_text()
    (tmp_path / "cross_border.yaml").write_text(text.replace("certainty: O", damage, 1))
    with pytest.raises(ConfigError, match="is not certain"):
        schemes.load(tmp_path, kinds.kinds)
