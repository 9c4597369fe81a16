"""A small database in a folder of its own, and the command line inside this process."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from guard.cli.main import run

# Valid by their check digits, and nobody's.
PEOPLE = [
    ("Wang Min", "13800138000", "min@example.com", "浦东新区"),
    ("Li Lei", "13912345678", "lei@example.com", "浦东新区"),
    ("Zhao Lan", "15003028344", "lan@example.com", "黄浦区"),
    ("Sun Yu", "18738646352", "yu@example.com", "黄浦区"),
]
CLERK = ("--source", "sqlite:///crm.db", "--as", "zhou", "--role", "call_center", "--purpose", "service")
CLERK = (*CLERK, "--attr", "districts=浦东新区")

_CHANGES = (
    (re.compile(r"d-[0-9a-f]{20}"), "d-ID"),
    (re.compile(r"rules [0-9a-f]{12}"), "rules REVISION"),
    (re.compile(r"sha256:[0-9a-f]{64}"), "sha256:REVISION"),
)


class Done(NamedTuple):
    """What a command left: ids and revisions are replaced, so that texts can be compared whole."""

    code: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with `crm.db`."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    with sqlite3.connect(tmp_path / "crm.db") as connection:
        connection.execute("CREATE TABLE people (name TEXT, phone TEXT, email TEXT, district TEXT)")
        connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?)", PEOPLE)
    connection.close()
    return tmp_path


@pytest.fixture
def guard(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    """Runs one command line."""

    def call(*arguments: str) -> Done:
        capsys.readouterr()
        code = run(list(arguments))
        out, err = capsys.readouterr()
        return Done(code, _stable(out), _stable(err))

    return call


@pytest.fixture
def scanned(guard: Callable[..., Done]) -> Callable[..., Done]:
    """The command line after a scan of the database."""
    assert guard("scan", "sqlite:///crm.db").code == 1
    return guard


def _stable(text: str) -> str:
    for pattern, replacement in _CHANGES:
        text = pattern.sub(replacement, text)
    return text
