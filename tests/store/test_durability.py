"""What the store promises when the process dies, the disk is full, or two guards meet."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from guard.errors import ConfigError, StoreError
from guard.model import Dataset, Edge, FieldRef, Job
from guard.store import migrate, schema
from guard.store.store import Store

WRITER = """
import sys
from guard.model import Dataset, Edge, FieldRef, Job
from guard.store.store import Store
store = Store.open(sys.argv[1])
number = 0
while True:
    out = FieldRef(Dataset("n", "out"), "x")
    edges = [Edge(FieldRef(Dataset("n", f"t{number}"), f"c{i}"), out, "DIRECT", "IDENTITY") for i in range(20)]
    store.lineage.add(Job(id=str(number), kind="query", name="q", started="2026"), edges)
    print(number, flush=True)
    number += 1
"""

FILLER = """
import resource, sys
from guard.errors import StoreError
from guard.model import Job
from guard.store.store import Store
store = Store.open(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
for number in range(100_000):
    try:
        store.lineage.add(Job(id=str(number), kind="query", name="x" * 500, started="2026"))
    except StoreError as error:
        print(number, error.message, sep="|")
        raise SystemExit(0)
raise SystemExit("the disk never filled")
"""


def test_a_killed_writer_loses_nothing_acknowledged(where, tmp_path):
    """`kill -9` in the middle of writing: every acknowledged job is there with all its edges, and no half job is."""
    Store.open(where).close()
    for round_number in range(3):
        with subprocess.Popen([sys.executable, "-c", WRITER, where], stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            acknowledged = [int(writer.stdout.readline()) for _ in range(15 + 7 * round_number)]
            writer.send_signal(signal.SIGKILL)
            acknowledged += [int(line) for line in writer.stdout.read().split("\n") if line]
        with Store.open(where) as store:
            jobs = {job.id for job in store.lineage.jobs(limit=10_000)}
            assert {str(number) for number in acknowledged} <= jobs
            assert all(len(store.lineage.job_edges(job)) == 20 for job in jobs)
            with store.read() as connection:
                if connection.dialect.name == "sqlite":
                    assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
                    assert connection.execute(text("PRAGMA foreign_key_check")).all() == []


def test_a_full_disk_is_an_error_and_no_damage(tmp_path):
    """What was acknowledged before stays; the write that did not fit never happened."""
    file = tmp_path / "guard.db"
    filled = subprocess.run([sys.executable, "-c", FILLER, str(file)], capture_output=True, text=True, check=False)
    assert filled.returncode == 0, filled.stderr
    number, message = filled.stdout.strip().split("|")
    assert message.startswith(f"the store `sqlite:///{file}` failed (`SQLITE_")
    with Store.open(file) as store:
        assert {job.id for job in store.lineage.jobs(limit=100_000)} == {str(one) for one in range(int(number))}
        with store.read() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        store.lineage.add(Job(id="after", kind="query", name="q", started="2027"))


def test_sqlite_is_pinned_and_private(tmp_path):
    """Durable, checked, and readable by its owner alone."""
    file = tmp_path / "state" / "guard.db"
    with Store.open(file) as store, store.read() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "trusted_schema")
        }
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (file.parent, file, *file.parent.glob("*-wal"))]
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
        "trusted_schema": 0,
    }
    assert modes == [0o700, 0o600, 0o600]


def test_a_foreign_key_is_checked(store):
    """No edge without its fields, on either database; the error names a code only."""
    with pytest.raises(StoreError) as caught, store.write() as connection:
        connection.execute(text("INSERT INTO field (dataset_id, path) VALUES (12345, 'CANARY')"))
    assert "CANARY" not in caught.value.diagnostics()


def test_a_newer_schema_is_refused(where):
    """An older guard does not touch what it does not know."""
    with Store.open(where) as store, store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="the schema `9999`"):
        Store.open(where)


def test_migrations_make_the_schema(store):
    """The migrations and the tables in the code say the same."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store.write() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
    assert store.revision == schema.REVISION == max(migrate.known())


def test_many_may_open_at_once(where):
    """The first one migrates, the others wait."""
    with ThreadPoolExecutor(6) as threads:
        revisions = list(threads.map(lambda _: _revision(where), range(6)))
    assert revisions == [schema.REVISION] * 6


def _revision(where):
    with Store.open(where) as store:
        return store.revision


def test_threads_write_at_once(store):
    """Writers wait for each other; nothing is lost and nothing is doubled."""
    shared = [Edge(FieldRef(Dataset("n", "a"), "x"), FieldRef(Dataset("n", "b"), "x"), "DIRECT", "IDENTITY")]

    def work(number: int) -> None:
        store.lineage.add(Job(id=str(number), kind="query", name="q", started="2026"), shared)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(60)))
    assert {job.id for job in store.lineage.jobs(limit=1000)} == {str(number) for number in range(60)}


def test_a_forked_process_may_write(store):
    """The child takes connections of its own."""
    store.lineage.add(Job(id="parent", kind="query", name="q", started="2026"))
    child = os.fork()
    if child == 0:
        try:
            store.lineage.add(Job(id="child", kind="query", name="q", started="2026"))
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    store.lineage.add(Job(id="again", kind="query", name="q", started="2026"))
    assert {job.id for job in store.lineage.jobs()} == {"parent", "child", "again"}


def test_names_of_a_failed_transaction_are_not_remembered(store):
    """A number that was rolled back is not used again for rows that refer to it."""
    edges = [Edge(FieldRef(Dataset("n", "a"), "x"), FieldRef(Dataset("n", "b"), "x"), "DIRECT", "IDENTITY")]

    def fail() -> None:
        with store.write() as connection:
            store.lineage._keep(connection, "d" * 64, edges)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    store.lineage.add(Job(id="j", kind="query", name="q", started="2026"), edges)
    assert store.lineage.job_edges("j") == tuple(edges)


def test_no_password_comes_out(postgres):
    """Neither an error nor the representation shows the URL's secret."""
    url = f"postgresql://nobody:CANARY@127.0.0.1:{postgres.port}/none"
    with pytest.raises(StoreError) as caught:
        Store.open(url)
    assert "CANARY" not in caught.value.diagnostics() + repr(caught.value)
    with Store.open(postgres.create_database().replace("postgres@", "postgres:CANARY@")) as store:
        assert "CANARY" not in repr(store) + store.where


@pytest.mark.parametrize("where", ["mysql://u:CANARY@h/x", "nonsense://"])
def test_other_databases_are_refused(where):
    """Only SQLite and PostgreSQL hold guard's state."""
    with pytest.raises(ConfigError) as caught:
        Store.open(where)
    assert "CANARY" not in caught.value.diagnostics()


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    """The error names the file and the cause."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        Store.open(tmp_path / "file" / "guard.db")


def test_a_file_that_is_no_database_is_an_error(tmp_path):
    """Somebody else's file is left alone."""
    file = tmp_path / "guard.db"
    file.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match="SQLITE_NOTADB"):
        Store.open(file)
    assert file.read_bytes() == b"not a database at all" * 100
    assert sqlite3.sqlite_version_info >= (3, 35)
