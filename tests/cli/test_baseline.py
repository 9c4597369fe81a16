"""`guard baseline` and suppressions: a build fails on new problems only, in every format."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from guard.cli.formats import scan_formats
from tests.cli.test_formats import SCHEMA

SOURCE = "sqlite:///crm.db"
ACCEPTED = """\
suppressions:
  - {rule: cn.mobile, target: people.phone, reason: invented numbers, owner: li, expires: 9999-01-01}
"""
EXPIRED = ACCEPTED.replace("9999", "2020")


def widen():
    with closing(sqlite3.connect("crm.db")) as connection:
        connection.execute("ALTER TABLE people ADD COLUMN card TEXT")
        connection.execute("UPDATE people SET card = '11010519491231002X'")
        connection.commit()


@pytest.mark.parametrize("output_format", scan_formats())
def test_a_build_fails_on_new_problems_only(guard, output_format):
    """In every format: nothing new is 0, something new is 1."""
    assert guard("baseline", SOURCE).code == 0
    assert guard("scan", SOURCE, "--baseline", "guard.baseline.json", "--format", output_format).code == 0
    widen()
    done = guard("scan", SOURCE, "--baseline", "guard.baseline.json", "--format", output_format)
    assert done.code == 1
    assert "card" in done.out
    assert guard("scan", SOURCE, "--baseline", "guard.baseline.json", "--fail-level", "6").code == 0


def test_a_baseline_holds_no_value(guard):
    """Names and fingerprints; what it does not hold cannot be read from it."""
    guard("baseline", SOURCE, "--output", "b.json")
    text = Path("b.json").read_text()
    assert "main.people.phone" in text or "people.phone" in text
    assert "13800138000" not in text
    assert guard("scan", SOURCE, "--baseline", "nothing.json").code == 2


@pytest.mark.parametrize("output_format", scan_formats())
def test_an_accepted_finding_is_told_and_an_expired_one_is_a_finding(guard, output_format):
    """In every format, with reason and owner."""
    Path("suppressions.yaml").write_text(ACCEPTED)
    assert "invented numbers" in guard("scan", SOURCE, "--format", output_format).out.replace("\\", "")
    Path("suppressions.yaml").write_text(EXPIRED)
    out = guard("scan", SOURCE, "--format", output_format).out.replace("\\", "")
    assert "2020-01-01" in out
    assert "li" in out


def test_the_exit_code_of_what_is_accepted(guard):
    """All accepted is clean; expired is not, though a baseline knows every field; a file that does not fit is 2."""
    everything = ACCEPTED.replace("cn.mobile", '"*"').replace("people.phone", '"people.*"')
    Path("suppressions.yaml").write_text(everything)
    assert guard("scan", SOURCE).code == 0
    guard("baseline", SOURCE)
    Path("suppressions.yaml").write_text(EXPIRED)
    assert guard("scan", SOURCE, "--baseline", "guard.baseline.json").code == 1
    Path("suppressions.yaml").write_text(ACCEPTED.replace("owner: li, ", ""))
    assert guard("scan", SOURCE).code == 2


def test_sarif_says_it_in_its_own_words(guard):
    """`suppressions` and `baselineState`, as section 3.35 and 3.27.24 have them."""
    guard("baseline", SOURCE)
    with closing(sqlite3.connect("crm.db")) as connection:
        connection.execute("UPDATE people SET email = 'red'")
        connection.commit()
    widen()
    Path("suppressions.yaml").write_text(ACCEPTED + EXPIRED.split("\n", 1)[1])
    out = guard("scan", SOURCE, "--baseline", "guard.baseline.json", "--format", "sarif").out
    document = json.loads(out)
    jsonschema.validate(document, SCHEMA, format_checker=jsonschema.FormatChecker())
    results = document["runs"][0]["results"]
    states = {result["message"]["text"].split(" ")[0]: result.get("baselineState") for result in results}
    assert states == {
        "people.name": "unchanged",
        "people.phone": "unchanged",
        "people.card": "new",
        "people.email": "absent",
        "a": None,
    }
    (phone,) = [result for result in results if result["message"]["text"].startswith("people.phone")]
    assert phone["suppressions"][0]["status"] == "accepted"
    assert phone["suppressions"][0]["justification"] == "invented numbers"


def test_what_was_accepted_stands_in_the_audit_log(guard):
    """Rule, target, owner and end; the reason stays in the file."""
    Path("suppressions.yaml").write_text(ACCEPTED)
    guard("scan", SOURCE)
    assert "cn.mobile:people.phone:li:9999-01-01" in guard("audit", "show").out


def test_junit_counts_what_it_shows(guard):
    """Failures and skips by their elements."""
    Path("suppressions.yaml").write_text(ACCEPTED)
    suite = ET.fromstring(guard("scan", SOURCE, "--format", "junit").out.encode()).find("testsuite")
    assert suite is not None
    assert int(suite.get("failures", "")) == len(suite.findall(".//failure"))
    assert int(suite.get("skipped", "")) == len(suite.findall(".//skipped")) == 1
