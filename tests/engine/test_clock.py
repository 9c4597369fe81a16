"""A clock that runs backwards under a running guard: refused by name everywhere it should show, and queries go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import structlog
from starlette.testclient import TestClient

from guard.cli.main import run
from guard.engine import open_guard
from guard.model import Subject
from guard.sidecar.app import build
from guard.sidecar.border import Border
from tests.engine.conftest import write_crm

ASKER = Subject(id="call_center-1", roles=("call_center",), attributes={"districts": ("浦东新区",)})
ASK = "SELECT count(*) AS n FROM residents"


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


def test_a_clock_that_runs_backwards(tmp_path, capsys):
    """Told in the service's log once, counted, named by verify and doctor; each query is answered and recorded."""
    write_crm(tmp_path / "crm.db")
    source, clock = f"sqlite:///{tmp_path / 'crm.db'}", Clock()
    with open_guard(folder=tmp_path, operator="tester", clock=clock) as g, structlog.testing.capture_logs() as told:
        g.scan(source)

        def ask() -> int:
            return g.query(ASK, subject=ASKER, purpose="service", source=source).table["n"][0].as_py()

        good = clock.now
        rows = [ask()]
        clock.now = good - timedelta(hours=1)
        rows += [ask(), ask()]
        clock.now = good + timedelta(seconds=1)
        rows += [ask()]
        clock.now = good - timedelta(days=1)
        rows += [ask()]
        metrics = TestClient(build(g, Border()), base_url="http://127.0.0.1").get("/metrics").text
        report = g.audit.verify()
        times = [entry.time for _, entry in g.audit.entries()]
    assert (len(set(rows)), times) == (1, sorted(times))
    assert (report.size, report.refused_times, report.first_refused) == (7, 3, 3)
    assert "guard_audit_clock_runs_backwards_entries 3.0" in metrics
    named = [each for each in told if each["event"] == "audit.clock_runs_backwards"]
    assert [(each["log_level"], each["claimed"] < each["latest"]) for each in named] == [("error", True)] * 2
    (tmp_path / "guard.toml").touch()
    assert run(["audit", "verify", "--config", str(tmp_path / "guard.toml")]) == 0
    assert (
        "note: clock_runs_backwards: the time of 3 entries was refused, the first is entry 3;"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(("ahead", "state"), [(timedelta(0), "ok"), (timedelta(hours=1), "broken")])
def test_doctor_names_a_clock_that_is_behind_the_log(tmp_path, capsys, ahead, state):
    """Before anything is asked: the system's clock against the log's last entry."""
    with open_guard(folder=tmp_path, operator="tester", clock=lambda: datetime.now(UTC) + ahead) as g:
        g.record("config", {"changed": "nothing"})
    (tmp_path / "guard.toml").touch()
    code = run(["doctor", "--config", str(tmp_path / "guard.toml")])
    text = " ".join(capsys.readouterr().out.split())
    assert (code, f"clock {state}" in text, "clock_runs_backwards: the clock says" in text) == (
        4 if ahead else 0,
        True,
        bool(ahead),
    )
