"""`guard query` under differential privacy: the answer, its cost and its noise; a refusal with place and cure."""

from __future__ import annotations

import json
import shutil
import sqlite3

import pytest

from guard.config import default_rules

UNITS = """
tables:
  stays:
    unit: person
    groups: 2
    rows: 2
    columns: {days: {low: 0, high: 30}, ward: {keys: [a, b, c]}}
"""
WHO = ("--source", "sqlite:///stays.db", "--as", "r1", "--role", "researcher", "--purpose", "statistics")
COUNT = "SELECT ward, COUNT(*) AS n FROM stays GROUP BY ward"


@pytest.fixture
def stays(folder, guard):
    """Four hundred stays of two hundred persons, scanned."""
    shutil.copytree(default_rules(), folder / "rules")
    (folder / "rules" / "privacy" / "units.yaml").write_text(UNITS)
    (folder / "guard.toml").write_text('rules = "rules"\n[dp]\ngrid_ms = 0\n')
    with sqlite3.connect(folder / "stays.db") as connection:
        connection.execute("CREATE TABLE stays (person INTEGER, ward TEXT, days INTEGER, town TEXT)")
        rows = [(n // 2, "abc"[n % 3], n % 20, f"town {n % 2}") for n in range(400)]
        connection.executemany("INSERT INTO stays VALUES (?, ?, ?, ?)", rows)
    connection.close()
    guard("scan", "sqlite:///stays.db")
    return guard


def test_the_cost_and_the_noise_stand_below_the_answer(stays):
    """What was charged, what remains, the bounds, the deviation and the interval of each column."""
    done = stays("query", COUNT, *WHO)
    assert (done.code, len(done.out.splitlines())) == (0, 6)
    assert done.err.startswith(
        "  privacy  epsilon 1, delta 0; spent 1 of 10, 9 remain\n"
        "  bounds   a person counts in 2 group(s), 2 row(s) each\n"
        "  noise    n: deviation 5.657, 95 % within ± 12\n"
    )
    again = stays("query", COUNT.lower(), *WHO)
    assert again.out.splitlines()[2:] == done.out.splitlines()[2:]
    assert again.err.startswith("  privacy  epsilon 1, delta 0 (paid before); spent 1 of 10, 9 remain\n")


def test_a_batch_is_paid_from_what_was_set_aside(stays):
    """Two of epsilon 1 fit into 2 and the third does not; another person cannot draw; the rest comes back."""
    where = ("--purpose", "statistics", "--dataset", "sqlite:///stays.db", "--as", "r1")
    assert stays("budget", "reserve", "--epsilon", "2", *where).out == "reserved: row 0\n"
    asked = [f"SELECT COUNT(*) AS n FROM stays WHERE days > {number}" for number in range(3)]
    done = [stays("query", sql, *WHO, "--reservation", "0") for sql in asked]
    assert [each.code for each in done] == [0, 0, 1]
    assert "spent 2 of 10, 8 remain" in done[1].err
    assert "reservation 0 does not hold this cost" in done[2].err
    other = tuple("r2" if word == "r1" else word for word in WHO)
    assert (
        "row 0 of the budget is set aside for something else"
        in stays("query", asked[2], *other, "--reservation", "0").err
    )
    events = [json.loads(line)["event"] for line in stays("budget", "history").out.splitlines()]
    assert events == ["reserve", "draw", "draw"]
    assert stays("budget", "verify").out == "verified: 3 rows\n"


def test_json_holds_every_part(stays):
    """For programs: also the number of groups that were kept back, and its own noise."""
    # The count of persons is the one that the threshold looks at: 100 of them fail 36 with a chance of 3e-14.
    sql = "SELECT town, COUNT(DISTINCT person) AS n FROM stays GROUP BY town"
    document = json.loads(stays("query", sql, *WHO, "--format", "json").out)
    privacy = document["privacy"]
    assert [row["town"] for row in document["rows"]] == ["town 0", "town 1"]
    assert privacy["suppressed_deviation"] == pytest.approx(2 * 20 * 2**0.5)
    assert (privacy["fresh"], privacy["delta"], privacy["remaining"]) == (True, "1/10000000", "9")
    assert set(privacy["deviations"]) == set(privacy["intervals"]) == {"n"}


def test_a_refusal_names_the_place_and_the_cure(stays):
    """And costs nothing."""
    done = stays("query", "SELECT SUM(1 / days) FROM stays", *WHO)
    assert done.code == 1
    assert done.err == (
        "error: denied: not private: dp-division at characters 11 to 19: a row is divided by a value that may be zero\n"
        "  help: divide aggregates instead (SUM(a) / SUM(b)), or multiply by a literal\n"
    )
    assert stays("budget", "show").code == 3


def test_show_knows_the_limit_of_whom_nobody_set_one_for(stays):
    """The one of the configuration."""
    stays("query", COUNT, *WHO)
    (row,) = json.loads(stays("budget", "show", "--format", "json").out)["budgets"]
    assert (row["subject"], row["spent epsilon"], row["limit epsilon"], row["left"]) == ("r1", "1", "10", "90.0%")


def test_show_reports_the_privacy_loss_distribution(stays):
    """It is under what is enforced, and admits nothing by itself."""
    for number in range(3):
        stays("query", f"SELECT COUNT(*) AS n FROM stays WHERE days > {number}", *WHO)
    (row,) = json.loads(stays("budget", "show", "--pld", "--format", "json").out)["budgets"]
    assert row["spent epsilon"] == "3"
    assert 2.5 < float(row["pld epsilon"]) <= 3.01


def test_sqlite_answers_what_it_has_no_function_for(stays):
    """Spreads and quantiles are computed from sums and counts; to anybody else they stay unknown."""
    sql = "SELECT STDDEV(days) AS s, MEDIAN(days) AS m FROM stays"
    ((spread, median),) = [
        row.values() for row in json.loads(stays("query", sql, *WHO, "--format", "json").out)["rows"]
    ]
    assert 0 <= spread <= 15
    assert 0 <= median <= 30
    other = (*WHO[:4], "--role", "call_center", "--purpose", "service")
    assert "unreviewed function: function `median`" in stays("query", sql, *other).err
