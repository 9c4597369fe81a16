"""guard's own state: SQLite in a file by default, PostgreSQL when several processes share it.

SQLite runs in WAL mode with `synchronous=FULL`: what a call returned from is on the disk.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from guard.errors import ConfigError, StoreError
from guard.store import migrate
from guard.store.clock import Clock, utc_now

if TYPE_CHECKING:
    from guard.store.answers import AnswerRepository
    from guard.store.catalogue import CatalogueRepository
    from guard.store.groups import GroupRepository
    from guard.store.ledger import LedgerRepository
    from guard.store.lineage import LineageRepository
    from guard.store.memories import MemoryRepository
    from guard.store.reidentified import ReidentifiedRepository
    from guard.store.scans import ScanRepository
    from guard.store.subjects import SubjectRepository
    from guard.store.vault import VaultRepository

BUSY_MS = 30_000  # how long a writer waits for another
POOL = 5
WRITE = "guard_write"  # execution option: this transaction takes the write lock at its start


class Store:
    """Repositories over one database; safe to share between threads, and usable after a fork."""

    def __init__(self, engine: Engine, *, where: str, clock: Clock = utc_now) -> None:
        self._engine = engine
        self._pid = os.getpid()
        self.where = where
        self.clock = clock

    @classmethod
    def open(cls, where: str | Path, *, clock: Clock = utc_now) -> Self:
        """Opens a file, `sqlite:///file` or `postgresql://...`, and migrates it.

        Raises:
            ConfigError: it names neither SQLite nor PostgreSQL.
            StoreError: it cannot be opened or written, or a newer guard wrote it.
        """
        url = _url(where)
        store = cls(_engine(url), where=_shown(url), clock=clock)
        try:
            with store.write() as connection:
                migrate.migrate(connection)
        except BaseException:
            store.close()
            raise
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({self.where!r})"

    def close(self) -> None:
        """Releases connections; safe to call twice."""
        self._engine.dispose(close=self._pid == os.getpid())

    @property
    def revision(self) -> str:
        """The schema of the store."""
        with self.read() as connection:
            return migrate.revision(connection)

    @cached_property
    def catalogue(self) -> CatalogueRepository:
        """Labels of fields, and their history."""
        from guard.store.catalogue import CatalogueRepository

        return CatalogueRepository(self)

    @cached_property
    def scans(self) -> ScanRepository:
        """Progress of scans."""
        from guard.store.scans import ScanRepository

        return ScanRepository(self)

    @cached_property
    def memories(self) -> MemoryRepository:
        """What scans left of tables for the next scan."""
        from guard.store.memories import MemoryRepository

        return MemoryRepository(self)

    @cached_property
    def reidentified(self) -> ReidentifiedRepository:
        """The ledger of re-identification."""
        from guard.store.reidentified import ReidentifiedRepository

        return ReidentifiedRepository(self)

    @cached_property
    def lineage(self) -> LineageRepository:
        """Jobs, edges, and questions to the graph."""
        from guard.store.lineage import LineageRepository

        return LineageRepository(self)

    @cached_property
    def subjects(self) -> SubjectRepository:
        """Which jobs' answers hold a person, by keyed marks."""
        from guard.store.subjects import SubjectRepository

        return SubjectRepository(self)

    @cached_property
    def ledger(self) -> LedgerRepository:
        """The rows of the privacy budget."""
        from guard.store.ledger import LedgerRepository

        return LedgerRepository(self)

    @cached_property
    def groups(self) -> GroupRepository:
        """Groups that were answered under a minimum group."""
        from guard.store.groups import GroupRepository

        return GroupRepository(self)

    @cached_property
    def answers(self) -> AnswerRepository:
        """Noisy answers that were paid for."""
        from guard.store.answers import AnswerRepository

        return AnswerRepository(self)

    @cached_property
    def vault(self) -> VaultRepository:
        """Random tokens with their sealed values."""
        from guard.store.vault import VaultRepository

        return VaultRepository(self)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._transaction() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A transaction that only reads, and sees the store as it was at one moment throughout."""
        server = self._engine.dialect.name == "postgresql"
        with self._transaction({"isolation_level": "REPEATABLE READ"} if server else None) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is durable when the block ends, or never happened."""
        with self._transaction({WRITE: True}) as connection:
            yield connection

    @contextmanager
    def _transaction(self, options: dict[str, Any] | None = None) -> Iterator[Connection]:
        if self._pid != os.getpid():
            self._engine.dispose(close=False)  # the parent's connections stay the parent's
            self._pid = os.getpid()
        try:
            with self._engine.connect().execution_options(**(options or {})) as connection, connection.begin():
                yield connection
        except SQLAlchemyError as error:
            raise StoreError(
                f"the store `{self.where}` failed (`{_reason(error)}`)",
                help="check that the disk has space and the store can be written",
            ) from None


def _url(where: str | Path) -> URL:
    text = str(where)
    if "://" not in text:
        return URL.create("sqlite+pysqlite", database=str(Path(text).expanduser().absolute()))
    try:
        url = make_url(text)
    except ArgumentError:
        raise ConfigError("the store's URL is not readable", help="`sqlite:///file` or `postgresql://...`") from None
    kind = url.get_backend_name()
    if kind == "postgres":
        kind = "postgresql"
    drivers = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}
    if kind not in drivers:
        raise ConfigError(f"`{kind}` cannot hold guard's state", help="use SQLite or PostgreSQL")
    return url.set(drivername=drivers[kind])


def _shown(url: URL) -> str:
    """The URL without user, password and query."""
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{url.database}"
    return f"postgresql://{url.host or ''}{f':{url.port}' if url.port else ''}/{url.database or ''}"


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_size=POOL, pool_pre_ping=True, hide_parameters=True)
    _make_private(Path(url.database or ""))
    engine = create_engine(url, pool_size=POOL, hide_parameters=True, connect_args={"timeout": BUSY_MS / 1000})
    event.listen(engine, "connect", _pin_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(file: Path) -> None:
    """Makes the file, readable by its owner alone, before SQLite makes it readable by others."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(
            f"`{file}` cannot be written (`{error.strerror}`)", help="check the folder and its owner"
        ) from None


def _pin_sqlite(connection: Any, record: Any) -> None:  # noqa: ARG001 - SQLAlchemy's signature
    connection.isolation_level = None  # `_begin_sqlite` begins, not the driver
    for setting in (
        f"busy_timeout = {BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "trusted_schema = OFF",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {setting}").close()


def _begin_sqlite(connection: Connection) -> None:
    """Writers take the lock at once: a read that later wants to write could only fail."""
    write = connection.get_execution_options().get(WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _reason(error: SQLAlchemyError) -> str:
    """A name for the failure that holds no text of the engine: SQLite's result code, or the SQLSTATE."""
    original = getattr(error, "orig", None)
    name = getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None)
    return str(name or type(original or error).__name__)
