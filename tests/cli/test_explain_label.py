"""`guard explain label`: a label said again from the record, with the data gone."""

from __future__ import annotations

import json
from pathlib import Path


def test_a_label_is_explained_without_its_data(scanned):
    """The database is no longer there; the weights add up to the score."""
    Path("crm.db").unlink()
    done = scanned("explain", "label", "people.phone")
    assert done.code == 0
    assert "sensitive: Mobile number of the mainland (cn.mobile), level 3, raw" in done.out
    assert "name token phone" in done.out
    assert "what would change it:" in done.out
    record = json.loads(scanned("explain", "label", "people.phone", "--format", "json").out)
    assert record["adds_up"] is True
    assert abs(sum(item["weight"] for item in record["evidence"]) - record["bits"]) < 1e-5
    assert record["rules_version"]
    assert "13800138000" not in done.out


def test_a_field_that_nobody_scanned_has_no_label(scanned):
    """Exit code 3: nothing was looked at."""
    assert scanned("explain", "label", "people.nothing").code == 3


def test_a_statement_still_needs_who_asks(scanned):
    """The options of `label` are not those of SQL."""
    done = scanned("explain", "SELECT 1")
    assert (done.code, done.err.splitlines()[0]) == (2, "error: missing option `--source`")
    assert scanned("explain", "SELECT", "1").code == 2
    assert scanned("explain", "label").code == 2
