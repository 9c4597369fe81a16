"""`guard anonymize`: a plan explained, tried out, and carried out; the classifier and the vault behind it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Done

Run = Callable[..., Done]
PLAN = """version: 1
purpose: research
fields:
  phone: {transform: partial, first: 3, last: 4, reason: "people compare"}
  note: {transform: free_text}
  id: {transform: vault}
"""


@pytest.fixture
def files(folder: Path) -> Path:
    """A file with a note, and a plan."""
    (folder / "in.csv").write_text(
        "phone,note,id\n13800138000,call 13912345678 today,a-canary\n13800138001,,a-canary\n"
    )
    (folder / "plan.yaml").write_text(PLAN)
    return folder


def test_a_plan_is_explained_and_tried_out(guard: Run, files: Path) -> None:
    """What each column gets and shows, then invented values; no value of the file, and no file."""
    done = guard("anonymize", "plan", "in.csv", "--plan", "plan.yaml", "--dry-run")
    assert (done.code, done.err) == (0, "")
    said, tried = done.out.split("\nOn invented values, under a key that is thrown away:\n")
    assert said == (
        "phone: partial (masked)\n"
        "  shows: the first 3 and last 4 characters, and the length\n"
        "  why: people compare\n"
        "note: free_text (generalised)\n"
        "  shows: the text outside the found places\n"
        "  note: it hides what the classifier finds, and no more\n"
        "id: vault (pseudonymised, under a key)\n"
        "  shows: which rows have the same value\n"
        "  note: who has the store and the key gets values back; the token alone says nothing\n"
    )
    assert tried.startswith("phone: partial\n  13800138000 -> 138****8000\n")
    assert "  call 13800138000 -> call <cn.mobile>\n" in tried
    assert "canary" not in done.out
    assert sorted(path.name for path in files.glob("*.*")) == ["crm.db", "in.csv", "plan.yaml"]


def test_a_file_goes_through_the_classifier_and_the_vault(guard: Run, files: Path) -> None:
    """The note loses its number, the identifier gets one token in both rows and in the next run."""
    assert guard("anonymize", "in.csv", "out.csv", "--plan", "plan.yaml").code == 0
    assert guard("anonymize", "in.csv", "again.csv", "--plan", "plan.yaml", "--resume").code == 0
    one, two = (list(csv.DictReader((files / name).open())) for name in ("out.csv", "again.csv"))
    assert [row["note"] for row in one] == ["call <cn.mobile> today", ""]
    assert one == two
    assert len({row["id"] for row in one}) == 1
    assert one[0]["id"].startswith("g1v_")
    assert b"a-canary" not in b"".join(path.read_bytes() for path in (files / ".guard").rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("plan",), "no file is named"),
        (("plan", "none.csv", "--plan", "plan.yaml"), "`none.csv` is not a file"),
        (("in.csv",), "no output file is named"),
        (("plan", "in.csv"), "nothing is known of the fields of this source"),
    ],
)
def test_what_is_missing_is_said(guard: Run, files: Path, arguments: tuple[str, ...], message: str) -> None:
    """Exit code 2 or 3, the cause and a cure."""
    done = guard("anonymize", *arguments)
    assert done.code in {2, 3}
    assert message in done.err
    assert "help:" in done.err


def test_no_plan_is_derived_from_nothing(guard: Run, files: Path) -> None:
    """A source that was never scanned is an error with the cure; after the scan each column has its choice."""
    done = guard("anonymize", "in.csv", "--derive")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "error: nothing is known of the fields of this source\n  help: scan it first: `guard scan SOURCE`\n"
    )
    guard("scan", "in.csv")
    assert "  phone:\n    transform: partial\n" in guard("anonymize", "in.csv", "--derive").out
