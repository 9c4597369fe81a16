"""What names say: whole tokens, the last word first, questions and counts are not the thing."""

from __future__ import annotations

import pytest

from guard.classify import Classifier


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("customerMobileNo", "cn.mobile"),
        ("SJHM", "cn.mobile"),
        ("客户手机号", "cn.mobile"),
        ("idCardNo", "cn.resident_id"),
        ("gmsfhm", "cn.resident_id"),
        ("身分證字號", "tw.national_id"),
        ("home_address", "person.address_zh"),
        ("e_mail", "intl.email"),
        ("dob", "intl.date_of_birth"),
        ("lxdh1", "cn.mobile"),
        ("cvv2", "finance.card_security"),
    ],
)
def test_strong_names(classifier: Classifier, name: str, kind: str) -> None:
    """A name that is the kind's own gives it the most bits."""
    found = {match.kind: match.bits for match in classifier.lexicon.of_name(name)}
    assert found[kind] == max(found.values())
    assert found[kind] >= 9.0


@pytest.mark.parametrize("name", ["birth", "出生"])
def test_a_word_that_says_half_of_it_is_weak(classifier: Classifier, name: str) -> None:
    """A birth may be a date or a place: some bits, and the values decide."""
    found = {match.kind: match.bits for match in classifier.lexicon.of_name(name)}
    assert 0 < found["intl.date_of_birth"] < 9.0


@pytest.mark.parametrize(
    "name",
    [
        "is_email_verified",
        "email_template",
        "phone_type",
        "has_phone",
        "手机型号",
        "是否短信通知手机",
        "passenger_count",
        "hostname",
        "acid_level",
        "duplicate",
        "ship_date",
        "证件类型",
        "address_type",
        "scan_id",
    ],
)
def test_names_of_other_things(classifier: Classifier, name: str) -> None:
    """A name whose last word is another noun, or that asks a question, or only contains the letters, is weak evidence
    at most."""
    assert [match for match in classifier.lexicon.of_name(name) if match.bits > 5.0] == []


def test_no_phrase_twice_under_a_kind(rules) -> None:
    """A phrase stands once under a kind, so its weight is never in doubt."""
    import yaml

    for path in (rules / "names").glob("*.yaml"):
        if path.name == "frame.yaml":
            continue
        for kind, lists in yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader).items():
            phrases = [str(phrase) for words in lists.values() for phrase in words]
            assert sorted(phrases) == sorted(set(phrases)), (path.name, kind)
