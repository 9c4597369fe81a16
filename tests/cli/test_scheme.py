"""`--scheme` and `--as-of` at the command line."""

from __future__ import annotations

import json


def test_what_a_law_says_of_what_scans_found(scanned):
    """In three writings; the day before it was in force is nothing looked at."""
    done = scanned("classify", "--scheme", "jrt0197", "--as-of", "2025-10-31", "--language", "zh-Hant")
    assert done.code == 1
    assert "jrt0197, 截至 2025-10-31: JR/T 0197-2020" in done.out
    assert "個人聯繫信息" in done.out
    assert scanned("classify", "--scheme", "jrt0197", "--as-of", "2020-09-22").code == 3
    assert scanned("classify", "--scheme", "gdpr").code == 4  # nothing of it is mapped, which is not clean
    record = json.loads(scanned("classify", "--scheme", "jrt0197", "--format", "json").out)
    assert {row["field"]: row["says"][0]["level"] for row in record["fields"]} == {"name": 3, "phone": 3, "email": 3}


def test_a_scan_and_a_text_are_told_by_a_scheme(guard):
    """In the same run."""
    done = guard("scan", "sqlite:///crm.db", "--scheme", "jrt0197", "--format", "json")
    assert json.loads(done.out)["scheme"]["in_force"] is True
    assert "contact of a person" in guard("classify", "电话13800138000", "--scheme", "jrt0197").out
    assert guard("scan", "sqlite:///crm.db", "--scheme", "jrt0197", "--format", "sarif").code == 2


def test_what_is_no_scheme_and_no_day(scanned):
    """Usage errors, before anything is said."""
    assert scanned("classify", "--scheme", "nothing").code == 2
    assert scanned("classify", "--scheme", "pipl", "--as-of", "yesterday").code == 2
    assert scanned("classify").code == 2
