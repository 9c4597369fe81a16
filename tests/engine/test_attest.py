"""Witnesses as the configuration names them: a running guard asks, and `doctor` and the metrics tell."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import guard
from guard.audit import keys, proof
from guard.audit.cosign import Cosigner, Quorum
from guard.audit.witness import Witness
from guard.cli.main import run
from guard.engine.attest import parties
from guard.errors import ConfigError
from guard.model import Sensitive
from guard.sidecar.app import build
from guard.sidecar.border import Border
from tests.audit.witnesses import served

ONE = Cosigner("witness.example/w1", Sensitive(b"w" * 32))
TWO = Cosigner("witness.example/w2", Sensitive(b"x" * 32))


def until(condition) -> None:
    """Waits for what another thread will do."""
    gate = threading.Event()
    for _ in range(3000):
        if condition():
            return
        gate.wait(0.01)
    pytest.fail("it did not happen within 30 s")


Doctor = Callable[[], str]


@pytest.fixture
def doctor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Gives the line of `guard doctor` about the witness."""

    def ask() -> str:
        run(["doctor", "--config", str(tmp_path / "guard.toml")])
        lines = capsys.readouterr().out.splitlines()
        return next(line for line in lines if line.startswith("attest"))

    return ask


def test_a_running_guard_is_witnessed(tmp_path, doctor):
    """Named in the configuration, asked in the background; a witness that is away shows, and the log goes on."""
    public = keys.create(tmp_path / ".guard" / "keys" / "audit.key", "guard").public
    witness = Witness(ONE, {"guard": (public,)}, tmp_path / "seen.db", lambda: 1_790_000_000)
    with served(witness) as where:
        named = f"{where.url}={ONE.public}"
        (tmp_path / "guard.toml").write_text(f'[audit]\nwitnesses = ["{named}"]\nwitness_every_s = 0.01\n')
        with guard.open(folder=tmp_path) as g:
            client = TestClient(build(g, Border(None)), base_url="http://127.0.0.1")
            g.record("config", {"change": "one"})
            g.audit.checkpoint()
            until(lambda: parties(g.parts) and parties(g.parts)[0].size == 1)
            text = proof.parse(g.audit.prove(0))
            assert proof.verify(text, public, quorum=Quorum((ONE.public,), 1))[1].size == 1
            assert re.search(r"attested by witness\.example/w1 +ok +1 entries at 2", doctor())
            assert 'guard_audit_attested_entries{by="witness.example/w1"} 1.0' in client.get("/metrics").text
    with guard.open(folder=tmp_path) as g:
        g.record("config", {"change": "two"})
        g.audit.checkpoint()
        until(lambda: parties(g.parts)[0].failures > 0)
        metrics = TestClient(build(g, Border(None)), base_url="http://127.0.0.1").get("/metrics").text
        assert 'guard_audit_attest_failures{by="witness.example/w1"} 0.0' not in metrics
        assert g.record("config", {"change": "three"}) == 2
    assert re.search(r"broken +the witness did not answer", doctor())


def test_before_the_first_interval_nobody_was_asked(tmp_path, doctor):
    """A command that is over before the first interval asks nobody, and `doctor` says so."""
    (tmp_path / "guard.toml").write_text(
        f'[audit]\nwitnesses = ["http://127.0.0.1:1={ONE.public}"]\nwitness_every_s = 3600\n'
    )
    with guard.open(folder=tmp_path) as g:
        g.record("config", {"change": "one"})
    assert re.search(r"attestations +not yet", doctor())


def test_the_command_asks_whom_the_configuration_names(tmp_path, capsys):
    """`guard witness ask` without options; nobody named, or too few that answer, is told by the exit code."""
    public = keys.create(tmp_path / ".guard" / "keys" / "audit.key", "guard").public
    with guard.open(folder=tmp_path) as g:
        g.record("config", {"change": "one"})
    asked = ["witness", "ask", "--config", str(tmp_path / "guard.toml")]
    (tmp_path / "guard.toml").write_text("")
    assert run(asked) == 2
    with served(Witness(ONE, {"guard": (public,)}, tmp_path / "seen.db", lambda: 1_790_000_000)) as where:
        lines = f'[audit]\nwitnesses = ["{where.url}={ONE.public}", "http://127.0.0.1:1={TWO.public}"]\n'
        (tmp_path / "guard.toml").write_text(lines)
        assert run(asked) == 4
        (tmp_path / "guard.toml").write_text(f"{lines}witnesses_needed = 1\n")
        capsys.readouterr()
        assert run(asked) == 0
    printed = capsys.readouterr()
    assert printed.out == "1 of 2 witnesses cosigned 1 entries\n"
    assert "`witness.example/w2` did not sign: the witness did not answer" in printed.err


def test_a_configuration_that_cannot_be_kept_is_refused(tmp_path):
    """More witnesses needed than named, or an address without a key; and the log is not left locked."""
    for lines, cause in (
        ("witnesses_needed = 2", "`audit.witnesses_needed` is 2, and 0 are named"),
        ('witnesses = ["http://w"]', "a witness is not URL=KEY"),
    ):
        (tmp_path / "guard.toml").write_text(f"[audit]\n{lines}\nwitness_every_s = 60\n")
        with guard.open(folder=tmp_path) as g, pytest.raises(ConfigError, match=cause):
            g.record("config", {})
    (tmp_path / "guard.toml").unlink()
    with guard.open(folder=tmp_path) as g:
        assert g.record("config", {}) == 0
