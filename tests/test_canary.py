"""No data value enters a log, an error, an event, a trace or a report: planted values are found nowhere.

Canaries stand in the data, in SQL literals, in bound parameters, in the subject's attributes, in a password and in
texts that are classified. Everything that guard wrote or raised is then searched for each of them, byte by byte.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from guard.cli.formats import render_scan, scan_formats
from guard.cli.main import run
from guard.errors import GuardError
from guard.model import Subject
from tests.engine.conftest import CANARY, World, phone, world  # noqa: F401 - the fixture

CANARIES = {
    "data": CANARY,
    "literal": "kanarienvogel-4711",
    "number": "86753090042",
    "parameter": "canari-parametre-88",
    "attribute": "serinus-attribut-5",
    "password": "pa55-canary-w0rd",
    "text": "13912345609",
}


def spellings(value: str) -> Iterator[bytes]:
    """The forms a value could hide in."""
    yield value.encode()
    yield json.dumps(value)[1:-1].encode()
    yield value.encode("utf-16-le")


@pytest.fixture
def said(world: World, caplog: pytest.LogCaptureFixture) -> Iterator[Callable[[], bytes]]:  # noqa: F811
    """Everything guard has written so far: its state folder, its logs, its errors and its terminal output."""
    caplog.set_level(logging.DEBUG)
    heard = io.StringIO()
    with contextlib.redirect_stderr(heard), contextlib.redirect_stdout(heard):

        def everything() -> bytes:
            world.guard.flush()
            files = [path.read_bytes() for path in (world.folder / ".guard").rglob("*") if path.is_file()]
            assert len(files) > 5
            return b"\n".join([*files, caplog.text.encode(), heard.getvalue().encode()])

        yield everything


def attempt(errors: list[str], action: Callable[[], object]) -> None:
    """Runs `action`; keeps the whole traceback of what it raises."""
    try:
        errors.append(repr(action()))
    except GuardError as error:
        errors.append("".join(traceback.format_exception(error)) + error.diagnostics() + repr(error.__dict__))


def work(world: World) -> str:  # noqa: F811
    """Uses every door, with canaries wherever a caller can put one; returns all errors and representations."""
    g = world.guard
    errors: list[str] = []
    subject = Subject("dr", ("doctor",), {"districts": ("浦东新区", "徐汇区"), "note": (CANARIES["attribute"],)})
    literal, number = CANARIES["literal"], CANARIES["number"]
    statements = [
        f"SELECT xm FROM residents WHERE xm = '{CANARY}' OR phone = '{literal}' OR id = {number}",
        f"SELECT xm FROM residents WHERE xm = '{literal}' AND (",
        f"SELECT '{literal}' FROM nowhere WHERE x = {number}",
        f"SELECT nothing FROM residents WHERE xm LIKE '%{literal}%'",
        f"SELECT load_extension('{literal}') FROM residents",
        f"UPDATE residents SET xm = '{literal}'",
        f"SELECT CAST(xm AS INTEGER) / 0 FROM residents -- {literal}",
        f"SELECT abs(-9223372036854775807 - 1) FROM residents WHERE xm <> '{literal}'",
        f"SELECT 1 /* {literal} */; SELECT '{literal}'",
        f"WITH a AS (SELECT '{literal}') SELECT * FROM missing",
        f'SELECT id FROM residents WHERE xm = "{literal}"',
    ]
    allowed = {
        sql for sql in statements if g.check(sql, subject=subject, purpose="treatment", source=world.source).allowed
    }
    assert statements[0] in allowed
    for sql in statements:
        for ask in (g.check, g.explain, g.rewrite, g.query):
            if ask != g.check and sql in allowed:
                continue  # the enforced SQL and the answer are the caller's own, with the caller's literals
            attempt(errors, functools.partial(ask, sql, subject=subject, purpose="treatment", source=world.source))  # type: ignore[misc] # mypy cannot see the default
    attempt(
        errors,
        lambda: (
            g.query(
                "SELECT id FROM residents WHERE xm = :name",
                subject=subject,
                purpose="treatment",
                source=world.source,
                parameters={"name": CANARIES["parameter"]},
            ).decision.outcome
        ),
    )
    g.query(statements[0], subject=subject, purpose="treatment", source=world.source)
    attempt(errors, lambda: g.classify_text(f"张伟的电话是{CANARIES['text']}，{literal}"))
    attempt(errors, lambda: g.classify_table(pa.table({"phone": [CANARIES["text"]] * 9, "xm": [CANARY] * 9})))
    attempt(errors, lambda: g.scan(f"postgresql://u:{CANARIES['password']}@127.0.0.1:1/x"))
    attempt(errors, lambda: g.scan(world.source, seed=3))
    attempt(errors, lambda: g.scan(pa.table({"phone": [CANARIES["text"]] * 9, "xm": [CANARY] * 9})))
    return "\n".join(errors)


def test_no_planted_value_is_found_anywhere(world: World, said: Callable[[], bytes]) -> None:  # noqa: F811
    """State, logs, errors with their tracebacks, events and terminal output hold none of the canaries."""
    errors = work(world)
    everything = said() + errors.encode()
    found = [name for name, value in CANARIES.items() if any(spelling in everything for spelling in spellings(value))]
    assert found == []


def test_who_asks_is_found_nowhere(world: World, said: Callable[[], bytes]) -> None:  # noqa: F811
    """Subjects, operators, roles, attributes, and a purpose that a caller made up: nowhere in guard's state."""
    planted = {
        "subject": "kanarie-zhang-san-1",
        "role": "kanarie-role-2",
        "attribute": "kanarie-attribute-3",
        "purpose": "because kanarie-13800138000 asked",
        "name": "kanarie_li_si",
        "operator": "tester-kanarie-4",
    }
    world.guard.operator = planted["operator"]
    world.guard.record("config", {"change": "none"})
    subject = Subject(planted["subject"], ("call_center", planted["role"]), {"districts": (planted["attribute"],)})
    for purpose in ("service", planted["purpose"], planted["name"]):
        with contextlib.suppress(GuardError):
            world.guard.query("SELECT id FROM residents", subject=subject, purpose=purpose, source=world.source)
    everything = said()
    found = [name for name, value in planted.items() if any(spelling in everything for spelling in spellings(value))]
    assert found == []
    assert everything.count(b'"purpose":"(not in the register)"') >= 2


def test_no_report_holds_a_value(world: World) -> None:  # noqa: F811
    """A scan report in every format names fields, never cells."""
    report = world.guard.scan(world.source, seed=1)
    for name in scan_formats():
        text = render_scan(report, name, world.guard.kind_name)
        assert CANARY not in text
        assert phone(2) not in text


def test_a_seeded_leak_is_found(world: World, said: Callable[[], bytes]) -> None:  # noqa: F811
    """The search itself works: a value written on purpose is found."""
    world.guard.record("config", {"note": CANARY})
    assert CANARY.encode() in said()


def test_an_internal_error_shows_no_foreign_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The text of an unexpected exception may hold data, so the terminal shows its type only."""
    monkeypatch.chdir(tmp_path)

    def explode(*_: object, **__: object) -> None:
        raise ZeroDivisionError(CANARY)

    monkeypatch.setattr("guard.cli.commands.doctor.out", explode)
    assert run(["doctor"]) == 4
    printed = capsys.readouterr()
    assert "ZeroDivisionError" in printed.err
    assert CANARY not in printed.err + printed.out
