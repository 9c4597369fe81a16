"""A verdict replayed from its record: the weights add up to the score, and what is said to change it changes it."""

from __future__ import annotations

import msgspec
import pytest

from guard.classify.odds import probability
from guard.classify.replay import replay
from guard.model import Dataset
from tests.classify.test_memory import table


@pytest.mark.parametrize("named", [True, False])
def test_the_weights_of_every_verdict_add_up_to_its_score(classifier, named):
    """Of all that is invented for these tests, sensitive and clean, and of fields inside documents."""
    labels = classifier.classify_table(table(named=named), dataset=Dataset("memory", "t"))
    assert [label.field.path for label in labels if not replay(label).adds_up] == []
    assert all(replay(label).bits >= 0 for label in labels if label.verdict == "sensitive")


def test_a_record_that_was_changed_does_not_add_up(classifier):
    """Whether the score or a weight was touched."""
    label = classifier.classify_table(table(named=True), dataset=Dataset("memory", "t"))[0]
    assert label.evidence
    assert not replay(msgspec.structs.replace(label, score=label.score / 2)).adds_up
    lighter = msgspec.structs.replace(label.evidence[-1], weight=label.evidence[-1].weight - 1)
    assert not replay(msgspec.structs.replace(label, evidence=(*label.evidence[:-1], lighter))).adds_up


def test_evidence_that_is_said_to_decide_does(classifier):
    """Without it the sum falls on the other side."""
    for label in classifier.classify_table(table(named=True), dataset=Dataset("memory", "t")):
        told = [item for item in label.evidence if any(f"without `{item.detail}`" in s for s in replay(label).turning)]
        for item in told:
            rest = sum(each.weight for each in label.evidence) - item.weight
            assert (probability(rest) >= 0.5) != (label.verdict == "sensitive")


def test_what_is_said_of_one_that_is_clean_and_of_one_nobody_read(classifier):
    """Its honesty: how much may hide in what was not read; and that other rules are there."""
    import pyarrow as pa

    here = Dataset("memory", "t")
    clean, unread = classifier.classify_table(
        pa.table({"qqz": ["red"] * 100, "qqy": pa.array([b"x"] * 100)}), dataset=here
    )
    assert "2.9513% of all values" in replay(clean).turning[-1]
    assert replay(unread).turning == (
        "reading it: it was not looked at, because its values are not text, numbers or dates",
    )
    assert replay(clean, version="other").turning[-1] == "the rules are other now: the next scan weighs it again"
