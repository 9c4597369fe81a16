"""Suppressions hold to their last day and for what they name; baselines hold what was known, and no value."""

from __future__ import annotations

import datetime as dt

import pytest

from guard.classify.suppress import Suppression, baseline_of, gate, load, place, read_baseline, written
from guard.errors import ConfigError, UsageError
from guard.model import Dataset, FieldLabel, FieldRef, Label

LAST = dt.date(2027, 1, 31)


def field(path="phone", kind="cn.mobile", name="main.people"):
    return FieldLabel(FieldRef(Dataset("duckdb:///a.db", name), path), "sensitive", Label(kind, 3))


def accepted(rule="cn.mobile", target="people.phone", expires="2027-01-31"):
    return Suppression(rule, target, "test numbers", "li", expires)


@pytest.mark.parametrize(("day", "holds"), [(-1, True), (0, True), (1, False)])
def test_a_suppression_holds_to_its_last_day(day, holds):
    """The day itself is in it; after it the suppression is a finding."""
    found = gate([field()], [accepted()], day=LAST + dt.timedelta(days=day))
    assert found.counts(field()) is not holds
    assert found.expired == (() if holds else (accepted(),))


@pytest.mark.parametrize(
    ("rule", "target", "covers"),
    [
        ("cn.mobile", "main.people.phone", True),
        ("*", "people.*", True),
        ("cn.mobile", "people.phon?", True),
        ("cn.mobile", "phone", True),
        ("cn.mobile", "hone", False),
        ("cn.mobile", "eople.phone", False),
        ("cn.qq", "people.phone", False),
    ],
)
def test_a_suppression_covers_whole_names_of_its_rule(rule, target, covers):
    """Globs match whole parts, never the end of one; an unused suppression is told."""
    found = gate([field()], [accepted(rule, target)], day=LAST)
    assert (found.suppression(field()) is not None) is covers
    assert (found.unused == ()) is covers


@pytest.mark.parametrize("missing", ["rule", "target", "reason", "owner", "expires"])
def test_every_part_is_needed(tmp_path, missing):
    """A suppression without a reason, an owner or an end does not load."""
    parts = {"rule": "cn.mobile", "target": "a.b", "reason": "r", "owner": "o", "expires": "2027-01-31"}
    del parts[missing]
    path = tmp_path / "s.yaml"
    path.write_text("suppressions:\n  - {" + ", ".join(f"{k}: {v}" for k, v in parts.items()) + "}\n")
    with pytest.raises(ConfigError):
        load(path, {"cn.mobile"})


@pytest.mark.parametrize(
    ("part", "value"), [("rule", "cn.moble"), ("reason", '" "'), ("owner", '""'), ("expires", "soon")]
)
def test_a_part_that_says_nothing_is_refused(tmp_path, part, value):
    """A rule that is no kind would suppress nothing in silence."""
    parts = {"rule": "cn.mobile", "target": "a.b", "reason": "r", "owner": "o", "expires": "2027-01-31", part: value}
    path = tmp_path / "s.yaml"
    path.write_text("suppressions:\n  - {" + ", ".join(f"{k}: {v}" for k, v in parts.items()) + "}\n")
    with pytest.raises(ConfigError):
        load(path, {"cn.mobile"})
    assert load(tmp_path / "none.yaml", ()) == ()


def test_a_baseline_knows_its_findings(tmp_path):
    """A new field, and another kind in the same field, are new; what went is absent."""
    before = [field(), field("mail", "intl.email")]
    (tmp_path / "b.json").write_text(written(baseline_of(before, source="s", made="m")))
    baseline = read_baseline(tmp_path / "b.json")
    now = [field(), field("mail", "person.name_zh"), field("card", "cn.bank_card")]
    found = gate(now, [], day=LAST, baseline=baseline)
    assert [found.state(each) for each in now] == ["unchanged", "new", "new"]
    assert [known.field for known in found.absent] == ["main.people.mail"]
    assert gate(now, [], day=LAST).state(now[0]) == ""


def test_files_are_the_same_on_every_machine(tmp_path, monkeypatch):
    """A checkout in another folder has the same fingerprints."""
    found = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        monkeypatch.chdir(tmp_path / folder)
        label = FieldLabel(
            FieldRef(Dataset("file", str(tmp_path / folder / "d/x.csv")), "p"), "sensitive", Label("cn.qq", 3)
        )
        assert place(label) == "d/x.csv.p"
        found.append(baseline_of([label], source="", made=""))
    assert found[0] == found[1]


@pytest.mark.parametrize("content", ["", "{}", '{"v": 2, "source": "", "made": "", "findings": []}', "[1]"])
def test_what_is_no_baseline_is_refused(tmp_path, content):
    """Never taken for one that knows nothing."""
    (tmp_path / "b.json").write_text(content)
    with pytest.raises(UsageError):
        read_baseline(tmp_path / "b.json")
    with pytest.raises(UsageError):
        read_baseline(tmp_path / "none.json")
