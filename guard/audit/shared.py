"""The log in PostgreSQL, for guards on several machines: a row for each commit, and folders that follow it.

The table is the truth. A commit is durable in it before anybody is answered; then it goes into the writer's own folder,
which is a log like any other: tiles, proofs and verification work there. `mirror` brings any other folder up to date,
after it has checked every hash and signature, so nobody has to trust the database.

There is one writer at a time: it holds an advisory lock for as long as its connection lives. A second one is refused,
or waits and takes over. Should a writer lose its connection unnoticed, the primary key refuses its next commit.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guard.audit import checkpoint, follow, journal, keys
from guard.audit.disk import Disk
from guard.audit.log import AuditLog
from guard.audit.segment import Segment
from guard.audit.times import utc_now
from guard.audit.tree import Frontier
from guard.errors import AuditError
from guard.model import Checkpoint, Sensitive

if TYPE_CHECKING:
    import psycopg

CONNECT_SECONDS = 10
AT_ONCE = 200  # commits fetched at once

_TABLES = """
CREATE TABLE IF NOT EXISTS guard_audit_log (origin text PRIMARY KEY, empty text NOT NULL);
CREATE TABLE IF NOT EXISTS guard_audit_commit (
    origin text NOT NULL REFERENCES guard_audit_log,
    first bigint NOT NULL,
    size bigint NOT NULL,
    packed bytea NOT NULL,
    checkpoint text NOT NULL,
    PRIMARY KEY (origin, first),
    UNIQUE (origin, size),
    CHECK (size > first)
);
"""


class Table:
    """The commits of one log in PostgreSQL; safe to share between threads."""

    def __init__(self, url: Sensitive[str], origin: str) -> None:
        import psycopg

        self._origin = origin
        with _named_errors():
            self._connection: psycopg.Connection[Any] = psycopg.connect(
                url.reveal(), autocommit=True, connect_timeout=CONNECT_SECONDS, application_name="guard-audit"
            )
            self._connection.execute("SET synchronous_commit = on")

    def create(self, empty: Checkpoint) -> None:
        """Makes the tables where they are missing, and begins this log with its signed empty checkpoint."""
        with _named_errors(), self._connection.transaction():
            # Two that create the same table at once would collide in the catalogue.
            self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (_number("guard_audit_log"),))
            self._connection.execute(_TABLES)
            self._connection.execute(
                "INSERT INTO guard_audit_log VALUES (%s, %s) ON CONFLICT DO NOTHING",
                (self._origin, checkpoint.text(empty)),
            )

    def lock(self, wait: float) -> None:
        """Becomes the writer.

        Raises:
            AuditError: another one is, and stayed so for `wait` seconds.
        """
        until = time.monotonic() + wait
        while True:
            with _named_errors():
                row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", (_number(self._origin),)).fetchone()
            if row and row[0]:
                return
            if time.monotonic() >= until:
                raise AuditError(
                    f"shared audit log `{self._origin}` is open for writing on another connection",
                    help="a log has one writer; let it close, or wait for it",
                )
            time.sleep(0.05)

    def empty(self) -> Checkpoint:
        """The signed checkpoint of size 0 with which the log began.

        Raises:
            AuditError: the database holds no such log.
        """
        with _named_errors():
            found = self._connection.execute("SELECT to_regclass('guard_audit_log')").fetchone()
            row = (
                self._connection.execute(
                    "SELECT empty FROM guard_audit_log WHERE origin = %s", (self._origin,)
                ).fetchone()
                if found and found[0]
                else None
            )
        if row is None:
            raise AuditError(f"the database holds no audit log `{self._origin}`")
        return checkpoint.parse(row[0])

    def size(self) -> int:
        """How many entries the table holds."""
        with _named_errors():
            row = self._connection.execute(
                "SELECT coalesce(max(size), 0) FROM guard_audit_commit WHERE origin = %s", (self._origin,)
            ).fetchone()
        return int(row[0]) if row else 0

    def commits(self, start: int) -> Iterator[journal.Batch]:
        """The commits from the one that holds entry `start`, in order, unverified."""
        while True:
            with _named_errors():
                rows = self._connection.execute(
                    "SELECT first, size, packed, checkpoint FROM guard_audit_commit"
                    " WHERE origin = %s AND size > %s ORDER BY size LIMIT %s",
                    (self._origin, start, AT_ONCE),
                ).fetchall()
            for first, size, packed, note in rows:
                yield journal.Batch(first, size - first, packed, checkpoint.parse(note))
                start = size
            if len(rows) < AT_ONCE:
                return

    def append(self, batch: journal.Batch) -> None:
        """Returns when the commit is durable.

        Raises:
            AuditError: it may or may not be; the log must be opened again before it goes on.
        """
        with _named_errors():
            self._connection.execute(
                "INSERT INTO guard_audit_commit VALUES (%s, %s, %s, %s, %s)",
                (self._origin, batch.first, batch.size, batch.packed, checkpoint.text(batch.checkpoint)),
            )

    def close(self) -> None:
        """Lets the connection, and with it the lock, go."""
        self._connection.close()


class SharedSegment(Segment):
    """A journal file whose commits go to the table first."""

    def __init__(self, path: Path, size: int, disk: Disk, table: Table) -> None:
        super().__init__(path, size, disk)
        self._table = table

    def commit(self, batch: journal.Batch) -> None:
        """Returns when the batch is durable in the table and in the folder."""
        self._table.append(batch)
        super().commit(batch)

    def close(self) -> None:
        """Lets file and lock go."""
        super().close()
        self._table.close()


def open_shared(
    url: Sensitive[str],
    folder: Path,
    signer: keys.Signer,
    *,
    clock: Callable[[], datetime] = utc_now,
    wait: float = 0.0,
) -> AuditLog:
    """Opens the shared log for writing, and begins it where there is none; `folder` is this machine's copy.

    The key may be another one than the log began with: what the log says of its keys leads from there to here.

    Raises:
        AuditError: another writer holds it for longer than `wait` seconds, or database or folder cannot be used.
        IntegrityError: another key signed it, it does not verify, or the database is older than the folder.
    """
    table = Table(url, signer.public.name)
    try:
        table.create(keys.sign(signer, 0, Frontier().root))
        table.lock(wait)
        _, believed = follow.follow(table, folder, signer.public)
        return AuditLog.open(
            folder,
            signer,
            clock=clock,
            believed=believed,
            segment=lambda path, size, disk: SharedSegment(path, size, disk, table),
        )
    except BaseException:
        table.close()
        raise


def mirror(url: Sensitive[str], folder: Path, public: keys.PublicKey | keys.PublicKeys) -> int:
    """Brings a folder up to date with the shared log, and publishes it; gives the number of entries.

    Every hash and signature is checked on the way; only a public key of the log is needed, any that it ever had.

    Raises:
        AuditError: the folder is open for writing, or database or folder cannot be used.
        IntegrityError: what the database holds does not verify, or is older than the folder.
    """
    with closing(Table(url, public.name)) as table:
        return follow.follow(table, folder, public)[0]


def _number(name: str) -> int:
    """The number of an advisory lock: PostgreSQL wants 64 bits."""
    return int.from_bytes(hashlib.sha256(b"guard/audit/" + name.encode()).digest()[:8], "big", signed=True)


@contextmanager
def _named_errors() -> Iterator[None]:
    """Errors of the database under their SQLSTATE; its texts may hold what a log must not."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise AuditError(
            f"the shared audit log cannot be used (`{error.sqlstate or type(error).__name__}`)",
            help="nothing acknowledged is lost; look at the database, then open the log again",
        ) from None
