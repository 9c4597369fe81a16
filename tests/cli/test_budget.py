"""`guard budget` keeps a ledger whose rows are entries of the audit log."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from guard.store.store import Store


@pytest.fixture
def kept(folder, guard):
    """A limit, a reservation, and its release."""
    assert guard("budget", "set", "--epsilon", "10", "--purpose", "fraud").out == (
        "set: epsilon 10, delta 1e-6 (gdp), row 0\n"
    )
    where = ("--purpose", "fraud", "--dataset", "duckdb://lake", "--as", "zhou")
    assert guard("budget", "reserve", "--epsilon", "0.5", *where).out == "reserved: row 1\n"
    return folder


def test_nothing_was_used_is_not_clean(folder, guard):
    """Without a record there is nothing to show."""
    assert guard("budget", "show").code == 3


def test_show_tells_spent_and_left(kept, guard):
    """By the limit's own notion, and the person by name for as long as guard may know it."""
    shown = json.loads(guard("budget", "show", "--format", "json").out)
    assert [(row["subject"], row["limit epsilon"], row["rows"]) for row in shown["budgets"]] == [
        ("*", "10", 1),
        ("zhou", "10", 1),
    ]
    assert shown["budgets"][1]["spent epsilon"] == "0.5"
    assert guard("budget", "release", "1").out == "released: row 2\n"
    shown = json.loads(guard("budget", "show", "--format", "json").out)
    assert (shown["budgets"][1]["spent epsilon"], shown["budgets"][1]["left"]) == ("0", "100.0%")


def test_a_spent_budget_refuses_with_a_cure(kept, guard):
    """Exit code 1, and nothing is charged."""
    done = guard("budget", "reserve", "--epsilon", "100", "--purpose", "fraud", "--dataset", "d", "--as", "zhou")
    assert done.code == 1
    assert done.err == (
        "error: the budget of purpose `fraud` on `d` for `forever` is spent\n"
        "  help: ask for less precision, wait for the next window, or have the owner raise the budget\n"
    )
    assert guard("budget", "verify").out == "verified: 2 rows\n"


def test_every_row_is_an_entry_and_a_rollback_is_seen(kept, guard):
    """The audit log commits to the newest row, so an older ledger does not verify."""
    entries = [json.loads(line) for line in guard("audit", "show").out.splitlines()]
    assert [entry["body"]["event"] for entry in entries if entry["kind"] == "budget"] == ["limit", "reserve"]
    assert all(entry["actor"] != "guard" for entry in entries if entry["kind"] == "budget")
    with Store.open(kept / ".guard" / "guard.db") as store, store.write() as connection:
        for statement in (
            "DELETE FROM budget_row_account WHERE row = 1",
            "DELETE FROM budget_row WHERE number = 1",
            "DELETE FROM budget_account WHERE subject != '*'",
            "UPDATE budget_head SET size = 1, digest = (SELECT digest FROM budget_row WHERE number = 0)",
        ):
            connection.execute(text(statement))
    done = guard("budget", "verify")
    assert (done.code, done.err.splitlines()[0]) == (1, "error: row 1 of the budget does not verify")


def test_history_prints_what_matches(kept, guard):
    """All rows without a word, else those of the person, the purpose, the data and the window that are named."""

    def rows(*words: str) -> list[str]:
        return [json.loads(line)["event"] for line in guard("budget", "history", *words).out.splitlines()]

    assert rows() == rows("--purpose", "fraud") == ["limit", "reserve"]
    assert rows("--as", "zhou") == rows("--dataset", "duckdb://lake", "--window", "forever") == ["reserve"]
    assert guard("budget", "history", "--as", "nobody").code == 3


def test_preview_spends_nothing(folder, guard):
    """It needs no guard at all, and writes a picture on request."""
    done = guard("budget", "preview", "--noise", "laplace", "--svg", "plot.svg")
    assert done.code == 0
    assert done.out.splitlines()[0] == "epsilon   95 % of answers are within"
    assert (folder / "plot.svg").read_text().startswith("<svg ")
    assert not (folder / ".guard").exists()


@pytest.mark.parametrize("number", ["x", "-1", "nan", "1e999"])
def test_a_number_that_is_none_is_refused(folder, guard, number):
    """Before anything is written."""
    assert guard("budget", "set", f"--epsilon={number}").code == 2
    assert not (folder / ".guard").exists()
