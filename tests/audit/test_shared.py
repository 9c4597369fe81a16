"""The log in PostgreSQL: the same log, one writer at a time, and copies that check everything before they follow."""

from __future__ import annotations

import threading

import psycopg
import pytest

from guard.audit import AuditLog, proof, reader, verify
from guard.audit.shared import mirror, open_shared
from guard.errors import AuditError, IntegrityError
from guard.model import Sensitive
from tests.audit.logs import OTHER, SIGNER, entry, numbers

pytestmark = pytest.mark.postgres


@pytest.fixture
def url(postgres):
    """An empty database."""
    return Sensitive(postgres.create_database())


def test_a_shared_log_is_a_log(tmp_path, url):
    """Append, submit, extend, prove, verify, entries: as with a folder; closed and opened again it goes on."""
    for opening in range(3):
        with open_shared(url, tmp_path / "a", SIGNER) as log:
            start = opening * 300
            assert log.append(entry(start)) == start
            assert log.begin(entry(start + 1)).wait() == start + 1
            assert log.extend([entry(start + at) for at in range(2, 300)]) == range(start + 2, start + 300)
            assert proof.verify(log.prove(start), SIGNER.public)[0].body["number"] == start
            assert log.verify().ok
    assert numbers(tmp_path / "a") == list(range(900))


def test_copies_follow_and_check(tmp_path, url):
    """Another machine has the same log, with the public key alone; its copy verifies by itself."""
    with open_shared(url, tmp_path / "a", SIGNER) as log:
        for count in (5, 600, 1):
            log.extend([entry(log.size + at) for at in range(count)])
            assert mirror(url, tmp_path / "b", SIGNER.public) == log.size
    assert verify(tmp_path / "b", SIGNER.public).require().size == 606
    assert reader.published(tmp_path / "a") == reader.published(tmp_path / "b")
    assert mirror(url, tmp_path / "b", SIGNER.public) == 606


def test_another_machine_takes_over(tmp_path, url):
    """One writer at a time; the second waits, and goes on where the first stopped."""
    first = open_shared(url, tmp_path / "a", SIGNER)
    first.extend([entry(at) for at in range(7)])
    with pytest.raises(AuditError, match="is open for writing on another connection"):
        open_shared(url, tmp_path / "b", SIGNER)
    waiting: list[AuditLog] = []
    thread = threading.Thread(target=lambda: waiting.append(open_shared(url, tmp_path / "b", SIGNER, wait=30)))
    thread.start()
    first.append(entry(7))
    first.close()
    thread.join()
    with waiting[0] as second:
        assert second.append(entry(8)) == 8
    assert numbers(tmp_path / "b") == list(range(9))


def test_a_lost_connection_ends_the_writer_and_loses_nothing(tmp_path, url):
    """The server cuts the writer off: its callers get an error, what was acknowledged is there for the next one."""
    acknowledged = -1
    with open_shared(url, tmp_path / "a", SIGNER) as log:
        acknowledged = log.append(entry(0))
        with psycopg.connect(url.reveal(), autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'guard-audit'"
            )
        with pytest.raises(AuditError, match="the shared audit log cannot be used"):
            log.append(entry(1))
        with pytest.raises(AuditError):
            log.append(entry(2))
    with open_shared(url, tmp_path / "b", SIGNER) as log:
        assert log.size >= acknowledged + 1
        assert log.verify().ok


def test_a_writer_that_was_cut_off_cannot_overwrite(tmp_path, url):
    """Two writers by accident, as after a lost lock: the primary key refuses the second commit at the same index."""
    first = open_shared(url, tmp_path / "a", SIGNER)
    first.append(entry(0))
    with psycopg.connect(url.reveal(), autocommit=True) as other:
        note = other.execute("SELECT checkpoint FROM guard_audit_commit").fetchone()[0]
        other.execute(
            "INSERT INTO guard_audit_commit VALUES (%s, 1, 2, %s, %s)", (SIGNER.public.name, b"\x00\x01x", note)
        )
    with pytest.raises(AuditError, match="`23505`"):
        first.append(entry(1))
    first.close()


REPLACED = "replace(encode(packed, 'escape'), 'rows\":3', 'rows\":4')::bytea"
FIRST_NOTE = "(SELECT checkpoint FROM guard_audit_commit WHERE first = 0)"


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (f"UPDATE guard_audit_commit SET packed = {REPLACED} WHERE first = 5", "do not hash to their checkpoint"),
        ("DELETE FROM guard_audit_commit WHERE first = 5", "does not go on at entry 5"),
        ("DELETE FROM guard_audit_commit WHERE first >= 5", "was set back"),
        (f"UPDATE guard_audit_commit SET checkpoint = {FIRST_NOTE} WHERE first = 5", "do not hash to their checkpoint"),
    ],
)
def test_a_database_that_was_edited_is_refused(tmp_path, url, change, cause):
    """Whoever may write the table can hide nothing from a copy."""
    with open_shared(url, tmp_path / "a", SIGNER) as log:
        for _ in range(4):
            log.extend([entry(log.size + at) for at in range(5)])
    with psycopg.connect(url.reveal(), autocommit=True) as other:
        changed = other.execute(change).rowcount
    assert changed >= 1
    with pytest.raises(IntegrityError, match=cause):
        mirror(url, tmp_path / ("a" if "back" in cause else "b"), SIGNER.public)
    assert verify(tmp_path / "a", SIGNER.public).ok


def test_another_key_is_another_log(tmp_path, url):
    """Neither writes nor follows."""
    with open_shared(url, tmp_path / "a", SIGNER) as log:
        log.append(entry(0))
    with pytest.raises(IntegrityError, match="not signed by"):
        open_shared(url, tmp_path / "b", OTHER)
    with pytest.raises(IntegrityError, match="not signed by"):
        mirror(url, tmp_path / "c", OTHER.public)


def test_a_database_that_is_away(tmp_path):
    """Named by its class, without the URL."""
    with pytest.raises(AuditError, match="cannot be used") as caught:
        open_shared(Sensitive("postgresql://u:pa55@127.0.0.1:1/x"), tmp_path, SIGNER)
    assert "pa55" not in caught.value.diagnostics()


def test_guard_writes_a_shared_log(tmp_path, url, monkeypatch):
    """Configured with `audit.store`, guard records into the database, and another folder follows it."""
    from guard.engine import open_guard

    monkeypatch.setenv("AUDIT_URL_OF_TEST", url.reveal())
    settings = {"audit": {"store": "env:AUDIT_URL_OF_TEST"}}
    with open_guard(folder=tmp_path, operator="tester", settings=settings) as g:
        assert g.record("config", {"changed": "nothing"}) == 0
        assert g.audit.prove(0)
        public = g.parts.verifier_key
        assert mirror(url, tmp_path / "copy", public) == 1
    assert verify(tmp_path / "copy", public).require().size == 1


def test_an_auditor_follows_from_the_command_line(tmp_path, url, monkeypatch, capsys):
    """On a machine without the log's key, with the public key that the log began with, after a change of the key."""
    from guard.cli.main import run
    from guard.engine import open_guard

    monkeypatch.setenv("AUDIT_URL_OF_TEST", url.reveal())
    settings = {"audit": {"store": "env:AUDIT_URL_OF_TEST"}}
    with open_guard(folder=tmp_path / "writer", operator="tester", settings=settings) as g:
        first = g.parts.verifier_key
        g.record("config", {"changed": "nothing"})
        g.rotate_key()
        g.rotate_key(retire=True)
        g.record("config", {"changed": "nothing"})
    config = tmp_path / "auditor" / "guard.toml"
    config.parent.mkdir()
    config.write_text('[audit]\nstore = "env:AUDIT_URL_OF_TEST"\n')
    assert run(["audit", "follow", "--key", str(first), "--config", str(config)]) == 0
    folder = config.parent / ".guard" / "audit"
    assert run(["audit", "verify", str(folder), "--key", str(first)]) == 0
    said = capsys.readouterr().out
    assert "followed: 4 entries" in said
    assert "verified: 4 entries" in said
