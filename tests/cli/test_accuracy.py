"""`guard accuracy`: a user's own truth against the labels, without data."""

from __future__ import annotations

import json
from pathlib import Path


def test_precision_and_recall_of_ones_own_fields(scanned):
    """Right, wrong, missed and unknown are counted apart; the database is not needed."""
    Path("crm.db").unlink()
    Path("truth.csv").write_text(
        "field,kind\npeople.phone,cn.mobile\npeople.email,\npeople.name,person.name_zh\npeople.district,cn.region\n"
    )
    done = scanned("accuracy", "truth.csv", "--format", "json")
    record = json.loads(done.out)
    assert done.code == 1
    assert {key: record["total"][key] for key in ("right", "wrong", "missed")} == {"right": 1, "wrong": 2, "missed": 2}
    assert record["mistakes"][0] == {"field": "people.district", "is": "cn.region", "called": ""}
    table = scanned("accuracy", "truth.csv")
    assert "0.333" in table.out
    assert "people.name is person.name_zh, called person.name_en" in table.out


def test_what_cannot_be_compared_is_no_success(scanned):
    """No field: 3; some fields: 4; a file that is no truth: 2; nothing wrong: 0."""
    for text, code in (
        ("field,kind\npeople.nothing,\n", 3),
        ("field,kind\npeople.nothing,\npeople.phone,cn.mobile\n", 4),
        ("field,kind\npeople.phone,cn.mobile\n", 0),
        ("field,kind\npeople.phone,cn.moble\n", 2),
        ("field,kind\npeople.phone,\npeople.phone,\n", 2),
        ("name,kind\n", 2),
    ):
        Path("truth.csv").write_text(text)
        assert scanned("accuracy", "truth.csv").code == code
    assert scanned("accuracy", "nothing.csv").code == 2
