"""Each wrong argument has its clear error: the cure, nothing on stdout, no traceback, nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases/cli/errors.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(case["arguments"]))
def test_error(guard, case):
    """The text is the whole of it."""
    done = guard(*case["arguments"])
    assert (done.code, done.out, done.err) == (case["code"], "", case["err"])


@pytest.mark.parametrize(
    "arguments",
    [["audit", "verify"], ["audit", "show"], ["audit", "key"], ["audit", "prove", "0"], ["lineage", "people.phone"]],
    ids=" ".join,
)
def test_reading_a_record_begins_none(guard, folder, arguments):
    """Where nothing was recorded the reading commands say so, and make neither a folder nor a key."""
    done = guard(*arguments)
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("error: there is no record in ")
    assert sorted(path.name for path in folder.iterdir()) == ["crm.db"]


def test_doctor_changes_nothing(guard, folder):
    """`guard doctor` in a new folder says what would be made, and makes nothing."""
    done = guard("doctor")
    assert done.code == 0
    assert "is made when guard records for the first time" in " ".join(done.out.split())
    assert sorted(path.name for path in folder.iterdir()) == ["crm.db"]


def test_an_internal_error_shows_no_text_of_its_own(guard, monkeypatch):
    """A crash is exit code 4 and shows its type alone, since its text may hold data."""

    def crash(*_: object, **__: object) -> None:
        raise RuntimeError("13800138000")

    monkeypatch.setattr("guard.cli.commands.check.subject_of", crash)
    done = guard("check", "SELECT 1", "--source", "x", "--as", "a", "--purpose", "p")
    assert done == (4, "", "error: internal error of type `RuntimeError`\n  help: run again with `guard --debug ...`\n")
    assert "RuntimeError: 13800138000" in guard("--debug", "check", "x", "-s", "x", "--as", "a", "-p", "p").err
