"""Columns of running text that hold personal data."""

from __future__ import annotations

import pyarrow as pa

from guard.classify import Classifier
from guard.config import default_rules
from guard.demo import data
from guard.model import Dataset

PLACE = Dataset("test", "calls")


def test_a_text_is_not_of_the_kind_that_it_holds() -> None:
    """A note with a phone number is a text: the mask of a phone number would show the words around it."""
    notes = data.tables()["calls"].slice(0, 1000)
    labels = {
        label.field.path: label for label in Classifier.load(default_rules()).classify_table(notes, dataset=PLACE)
    }
    note = labels["note"].label
    assert note is not None
    assert (note.kind, note.level) == ("person.free_text", 3)
    assert {"cn.mobile", "cn.resident_id", "person.name_zh"} <= {kind for kind, _ in labels["note"].others}
    assert labels["phone"].label is not None
    assert labels["phone"].label.kind == "cn.mobile"


def test_an_address_stays_an_address() -> None:
    """Long values of a column that says what it is are of that kind."""
    residents = data.tables()["residents"].slice(0, 500)
    long = pa.table(
        {
            "address": [
                f"{value}附近的小区物业办公室二楼东侧的会议室旁边的居民活动中心"
                for value in residents["address"].to_pylist()
            ]
        }
    )
    (label,) = Classifier.load(default_rules()).classify_table(long, dataset=PLACE)
    assert label.label is not None
    assert label.label.kind == "person.address_zh"
