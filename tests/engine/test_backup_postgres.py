"""Backups of a guard whose store is PostgreSQL: consistent while it works, restored into either kind of database."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest

from guard.engine import Guard, backup, open_guard
from guard.errors import IntegrityError, UsageError
from guard.model import Subject
from guard.store.transfer import contents
from tests.engine.conftest import write_crm
from tests.engine.test_backup import CLERK, PASSPHRASE, SQL, TIME


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A database to ask."""
    write_crm(tmp_path / "crm.db")
    return f"sqlite:///{tmp_path / 'crm.db'}"


@pytest.fixture
def store(postgres) -> str:
    """The URL of an empty database."""
    return str(postgres.create_database())


def opened(folder: Path, store: str) -> Guard:
    """A guard whose store is there; in the folder, where it is empty."""
    return open_guard(folder=folder, operator="tester", settings={"store": store} if store else {})


def held(g: Guard) -> dict[str, tuple[int, str]]:
    """Every table of the store."""
    with g.store.read() as connection:
        return contents(connection)


def test_a_restored_guard_is_the_same(tmp_path, source, store, postgres):
    """Into another server and into a file: every table, the log, the keys; and both go on."""
    path = tmp_path / "one.backup"
    with opened(tmp_path / "one", store) as g:
        g.scan(source)
        answer = g.query(SQL, subject=CLERK, purpose="service", source=source).table
        g.flush()
        made = backup.create(g.parts, path, PASSPHRASE, created=TIME)
        before, entries = held(g), list(g.audit.entries())
    assert backup.verify(path, PASSPHRASE).checkpoint == made.checkpoint
    for number, where in enumerate((postgres.create_database(), "")):
        folder = tmp_path / f"restored-{number}"
        folder.mkdir()
        backup.restore(path, folder / ".guard", PASSPHRASE, store=where)
        assert (folder / ".guard" / "guard.db").exists() == (where == "")
        with opened(folder, where) as g:
            assert (held(g), list(g.audit.entries())) == (before, entries)
            assert g.query(SQL, subject=CLERK, purpose="service", source=source).table == answer
            g.flush()
            assert g.audit.verify().size == len(entries) + 1


def test_backups_while_guard_works(tmp_path, source, store, postgres):
    """Each backup that is made under questions restores, and its store knows nothing that its log does not."""
    with opened(tmp_path / "one", store) as g:
        g.scan(source)
        done = threading.Event()

        def ask() -> None:
            number = 0
            while not done.is_set() and number < 200:
                subject = Subject(f"clerk-{number % 5}", CLERK.roles, CLERK.attributes)
                g.query(
                    f"SELECT id FROM residents WHERE id < {number}", subject=subject, purpose="service", source=source
                )
                number += 1

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            for number in range(3):
                backup.create(g.parts, tmp_path / f"{number}.backup", PASSPHRASE, created=TIME)
        finally:
            done.set()
            asking.join()
    for number in range(3):
        folder, where = tmp_path / f"restored-{number}", str(postgres.create_database())
        folder.mkdir()
        found = backup.restore(tmp_path / f"{number}.backup", folder / ".guard", PASSPHRASE, store=where)
        with opened(folder, where) as g:
            assert g.store.lineage.cursor() <= found.checkpoint.size <= g.audit.verify().size


def test_two_states_never_mix(tmp_path, source, store, postgres):
    """A store that holds something else is refused, and nothing appears; one that a crash left loaded is taken."""
    with opened(tmp_path / "one", store) as g:
        g.scan(source)
        g.flush()
        backup.create(g.parts, tmp_path / "one.backup", PASSPHRASE, created=TIME)
    other, again = str(postgres.create_database()), str(postgres.create_database())
    with opened(tmp_path / "two", other) as g:
        g.scan(source)
        g.flush()
        before = held(g)
    with pytest.raises(UsageError, match="is not empty"):
        backup.restore(tmp_path / "one.backup", tmp_path / "three" / ".guard", PASSPHRASE, store=other)
    assert not (tmp_path / "three" / ".guard").exists()
    with opened(tmp_path / "two", other) as g:
        assert held(g) == before
    backup.restore(tmp_path / "one.backup", tmp_path / "three" / ".guard", PASSPHRASE, store=again)
    backup.restore(tmp_path / "one.backup", tmp_path / "four" / ".guard", PASSPHRASE, store=again)


def test_the_shared_log_and_the_store_on_one_server(tmp_path, source, store, postgres, monkeypatch):
    """The log's own tables stand in the same database; the backup holds the log, and the restored one goes on."""
    monkeypatch.setenv("GUARD_TEST_LOG", store)
    shared = {"store": store, "audit": {"store": "env:GUARD_TEST_LOG"}}
    with open_guard(folder=tmp_path / "one", operator="tester", settings=shared) as g:
        g.scan(source)
        g.flush()
        made = backup.create(g.parts, tmp_path / "one.backup", PASSPHRASE, created=TIME)
        before = held(g)
    new = str(postgres.create_database())
    (tmp_path / "two").mkdir()
    backup.restore(tmp_path / "one.backup", tmp_path / "two" / ".guard", PASSPHRASE, store=new)
    with opened(tmp_path / "two", new) as g:
        assert (held(g), g.audit.verify().size) == (before, made.checkpoint.size)
        assert g.record("config", {"after": "restore"}) == made.checkpoint.size
    # An empty database is older than the restored log: it is refused, and never taken for the log.
    monkeypatch.setenv("GUARD_TEST_LOG", new)
    with (
        open_guard(folder=tmp_path / "two", settings={"store": new, "audit": {"store": "env:GUARD_TEST_LOG"}}) as g,
        pytest.raises(IntegrityError, match="set back"),
    ):
        g.record("config", {"after": "restore"})
    with psycopg.connect(new) as connection:
        assert connection.execute("SELECT count(*) FROM guard_audit_commit").fetchone() == (0,)
