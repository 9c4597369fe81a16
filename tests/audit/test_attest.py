"""Attestations in the background: they never hold up an append, failures are told and kept, and nothing is lost."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from guard.audit import AuditLog, proof, reader
from guard.audit.ask_witness import Post, Reply, WitnessAt, ask, http_post
from guard.audit.attest import AUTHORITY, Attestor, Party, Plan, read_status
from guard.audit.cosign import Cosigner, Quorum
from guard.audit.witness import Witness
from guard.errors import AuditError, ConfigError, KeyUnavailableError
from guard.model import Sensitive
from tests.audit.logs import SIGNER, build, entry
from tests.audit.witnesses import served

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
TIME = "2026-01-31T09:30:00.000000Z"
ONE = Cosigner("witness.example/w1", Sensitive(b"w" * 32))
TWO = Cosigner("witness.example/w2", Sensitive(b"x" * 32))
QUICK = 0.001  # seconds


def witness(tmp_path: Path, cosigner: Cosigner = ONE) -> Witness:
    """A witness of the test log."""
    name = cosigner.public.name.rpartition("/")[2]
    return Witness(cosigner, {SIGNER.public.name: (SIGNER.public,)}, tmp_path / f"{name}.db", lambda: 1_790_000_000)


class Told:
    """What an attestor tells; `wait` returns when something was."""

    def __init__(self) -> None:
        self.parties: list[Party] = []
        self._some = threading.Event()

    def __call__(self, party: Party) -> None:
        self.parties.append(party)
        self._some.set()

    def wait(self) -> None:
        assert self._some.wait(30)
        self._some.clear()


def attestor(tmp_path: Path, plan: Plan, told: Told | None = None, post: Post | None = None) -> Attestor:
    """Of the log in `tmp_path / "log"`."""
    status = tmp_path / "attested.json"
    return Attestor(
        tmp_path / "log", lambda: SIGNER.public, plan, status=status, clock=lambda: NOW, tell=told or Told(), post=post
    )


def until(condition) -> None:
    """Waits for what another thread will do."""
    gate = threading.Event()
    for _ in range(3000):
        if condition():
            return
        gate.wait(0.01)
    pytest.fail("it did not happen within 30 s")


def test_a_running_log_is_cosigned_by_a_real_witness(tmp_path, request):
    """The real server over HTTP: it goes away, comes back, and then vouches for all that was written meanwhile."""
    status, told = tmp_path / "attested.json", Told()
    seen = witness(tmp_path)
    with AuditLog.open(tmp_path / "log", SIGNER) as log:
        with served(seen) as where:
            port = int(where.url.rpartition(":")[2])
            running = attestor(tmp_path, Plan((where,), witness_every=QUICK), told).start()
            request.addfinalizer(running.close)
            log.append(entry(0))
            log.publish()
            until(lambda: read_status(status).parties == (Party(ONE.public.name, 1, TIME),))
        log.append(entry(1))
        log.publish()
        told.wait()
        cause = "the witness did not answer (ConnectError)"
        assert (told.parties[0].size, told.parties[0].failed) == (1, cause)
        for number in range(2, 300):
            log.append(entry(number))  # nobody waits for a witness that is away
        log.publish()
        until(lambda: read_status(status).parties[0].failures > 1)
        assert reader.witnessed(tmp_path / "log").size == 1
        with served(seen, port):
            until(lambda: read_status(status).parties == (Party(ONE.public.name, 300, TIME),))
        assert (told.parties[-1].name, told.parties[-1].failed) == (ONE.public.name, "")
        running.close()
        running.close()
        quorum = Quorum((ONE.public,), 1)
        for index in (0, 1, 299):
            assert proof.verify(log.prove(index), SIGNER.public, quorum=quorum)[0].body["number"] == index


def test_an_append_does_not_wait_for_a_witness_that_hangs(tmp_path):
    """A witness that answers nothing holds its own thread and no other."""
    hangs, asked = threading.Event(), threading.Event()

    def post(url: str, body: str) -> Reply:
        del url, body
        asked.set()
        hangs.wait(30)
        raise AuditError("the witness did not answer (ReadTimeout)")

    with AuditLog.open(tmp_path / "log", SIGNER) as log:
        log.append(entry(0))
        log.publish()
        running = attestor(tmp_path, Plan((WitnessAt("http://w", ONE.public),), witness_every=QUICK), post=post).start()
        assert asked.wait(30)
        assert [log.append(entry(number)) for number in range(1, 50)] == list(range(1, 50))
        log.publish()
        hangs.set()
        running.close()


def test_a_witness_that_is_away_takes_no_cosignature_from_older_entries(tmp_path):
    """Two of two signed; then one is away: what two signed stays, until two, or as many as are needed, sign again."""
    folder = tmp_path / "log"
    build(folder, [5])
    one, two = witness(tmp_path, ONE), witness(tmp_path, TWO)
    away = False

    def post(url: str, body: str) -> Reply:
        if away and url.startswith("http://w2"):
            raise AuditError("the witness did not answer (ConnectError)")
        answer = (two if url.startswith("http://w2") else one).add(body)
        return Reply(answer.status, answer.body)

    where = (WitnessAt("http://w1", ONE.public), WitnessAt("http://w2", TWO.public))
    strict = attestor(tmp_path, Plan(where, witness_every=1.0), post=post)
    strict.ask_witnesses()
    both = Quorum((ONE.public, TWO.public), 2)
    build(folder, [5])
    away = True
    strict.ask_witnesses()
    kept = reader.witnessed(folder)
    assert (kept.size, len(both.require(kept))) == (5, 2)
    assert [(each.size, each.failures) for each in read_status(tmp_path / "attested.json").parties] == [(10, 0), (5, 1)]
    attestor(tmp_path, Plan(where, needed=1, witness_every=1.0), post=post).ask_witnesses()
    assert reader.witnessed(folder).size == 10
    away = False
    strict.ask_witnesses()
    assert len(both.require(reader.witnessed(folder))) == 2


def test_the_time_is_stamped_when_the_log_grew(tmp_path):
    """One token for each checkpoint, none for the same one again; a refusal is kept, and tried again."""
    asked: list[bytes] = []

    class Authority:
        def stamp(self, digest: bytes) -> bytes:
            asked.append(digest)
            if len(asked) == 2:
                raise AuditError("the time-stamp authority refused")
            return b"token"

    build(tmp_path / "log", [5])
    told = Told()
    running = attestor(tmp_path, Plan(authority=Authority(), stamp_every=1.0), told)
    for _ in range(3):
        running.stamp_time()
    assert (len(asked), told.parties) == (1, [])
    build(tmp_path / "log", [5])
    running.stamp_time()
    assert told.parties == [Party(AUTHORITY, 5, TIME, "the time-stamp authority refused", 1)]
    running.stamp_time()
    assert read_status(tmp_path / "attested.json").parties == (Party(AUTHORITY, 10, TIME),)
    assert sorted(path.name for path in (tmp_path / "log" / "timestamps").glob("*.tst")) == ["10.tst", "5.tst"]


def test_what_cannot_go_on_is_told_not_raised(tmp_path):
    """A log of another key, a damaged checkpoint, a damaged status: the thread stays, the status says it."""
    folder, told = tmp_path / "log", Told()
    build(folder, [3])
    running = attestor(tmp_path, Plan((WitnessAt("http://127.0.0.1:1", ONE.public),), witness_every=1.0), told)
    (tmp_path / "attested.json").write_text("{")
    with pytest.raises(AuditError, match=r"`attested\.json` cannot be read"):
        read_status(tmp_path / "attested.json")
    (folder / "checkpoint").write_text("nonsense")
    running.ask_witnesses()
    assert told.parties[0].failed.startswith("not a checkpoint")
    assert read_status(tmp_path / "attested.json").parties == (told.parties[0],)


def test_nobody_named_asks_nobody(tmp_path):
    """Without witnesses or without an interval no thread is begun."""
    before = set(threading.enumerate())
    for plan in (Plan(), Plan((WitnessAt("http://w", ONE.public),)), Plan(witness_every=1.0), Plan(stamp_every=1.0)):
        assert plan.idle
        attestor(tmp_path, plan).start().close()
    assert set(threading.enumerate()) == before


def test_witnesses_are_named_by_url_and_key():
    """As on the command line and in the configuration; anything else is refused by name."""
    assert WitnessAt.parse(f"http://w:1={ONE.public}") == WitnessAt("http://w:1", ONE.public)
    for text in ("", "w:1", f"ftp://w={ONE.public}", str(ONE.public)):
        with pytest.raises(ConfigError, match="not URL=KEY"):
            WitnessAt.parse(text)
    with pytest.raises(KeyUnavailableError, match="not a witness key"):
        WitnessAt.parse("http://w:1=key")


def test_a_hasty_ask_would_be_noticed(tmp_path, monkeypatch):
    """Seeded fault: an `ask` that always replaces what was kept loses the second cosignature of older entries."""
    from guard.audit import ask_witness

    build(tmp_path / "log", [5])
    one, two = witness(tmp_path, ONE), witness(tmp_path, TWO)
    where = [WitnessAt("http://w1", ONE.public), WitnessAt("http://w2", TWO.public)]

    def post(url: str, body: str) -> Reply:
        answer = (two if url.startswith("http://w2") else one).add(body)
        return Reply(answer.status, answer.body)

    ask(tmp_path / "log", SIGNER.public, where, post=post)
    build(tmp_path / "log", [5])
    monkeypatch.setattr(ask_witness, "_has_signed", lambda *_: False)
    only_one = [where[0], WitnessAt("http://127.0.0.1:1", TWO.public)]
    ask(
        tmp_path / "log",
        SIGNER.public,
        only_one,
        needed=2,
        post=lambda *at: (post if "w1" in at[0] else http_post)(*at),
    )
    assert (
        len(reader.witnessed(tmp_path / "log").signatures) == 2
    )  # the log's and one witness's: two stood there before
