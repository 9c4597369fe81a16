"""JSON in a text column that is long, cut or damaged: read as far as it goes, and never called clean."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from guard.model import Dataset

HERE = Dataset("file", "t")


def labelled(classifier, documents):
    labels = classifier.classify_table(pa.table({"payload": documents}), dataset=HERE)
    return {label.field.path: label for label in labels}


def document(number, size):
    return json.dumps({"id": number, "note": "x" * size, "rest": {"tail": "y" * 40}})


@pytest.mark.parametrize("size", [66_000, 200_000, 1_000_000])
def test_a_document_that_is_too_long_is_not_clean(classifier, size):
    """What nobody read to its end was not looked at."""
    labels = labelled(classifier, [document(n, size) for n in range(10)])
    assert labels["payload"].verdict == "not_scanned"
    assert labels["payload.**"].verdict == "not_scanned"
    assert "10 of 10 documents are cut" in labels["payload.**"].reason


def test_one_long_document_among_many_is_told(classifier):
    """The short ones are read by path; the long one makes the column no cleaner than it is."""
    labels = labelled(classifier, [document(n, 5) for n in range(50)] + [document(50, 70_000)])
    assert labels["payload.note"].verdict == "clean"
    assert labels["payload"].verdict == "not_scanned"
    assert "1 of 51 documents" in labels["payload.**"].reason


def test_what_stands_before_the_cut_is_found(classifier):
    """A source cuts cells at 4,096 characters; the fields before that have paths and labels."""
    documents = [
        json.dumps({"contact": {"phone": f"138{n * 7919 % 10**8:08d}"}, "pad": ["z" * 50] * 200})[:4096]
        for n in range(60)
    ]
    labels = labelled(classifier, documents)
    assert labels["payload.contact.phone"].label.kind == "cn.mobile"
    assert labels["payload"].verdict == "sensitive"
    assert labels["payload.**"].verdict == "not_scanned"


def test_whole_documents_are_as_before(classifier):
    """Nothing is said of a cut where there is none; short texts that only look like JSON are texts."""
    assert "payload.**" not in labelled(classifier, [document(n, 5) for n in range(50)])
    assert list(labelled(classifier, ["{red", "[blue", "{x}"] * 9)) == ["payload"]


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 50_000, '"' * 70_000, "{" + '"\\' * 40_000, "[" + "1," * 40_000]
)
def test_a_hostile_document_ends_in_time_and_unread(classifier, text):
    """Deep, unclosed, full of escapes: an answer, and not a clean one where it looks like a document."""
    labels = labelled(classifier, [text] * 5)
    assert labels["payload"].verdict != "clean" or text[0] == '"'
