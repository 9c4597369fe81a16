"""The wrapped keys of subjects in a file of SQLite that really deletes.

Rows that are replaced are overwritten (`secure_delete`), and `sweep` rewrites the file (`VACUUM`). A row that is marked
is to be destroyed: whoever opens guard next finishes what a crash cut off.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from guard.errors import KeyUnavailableError

if TYPE_CHECKING:
    import sqlite3

FILE = "subject_keys.db"
BUSY_SECONDS = 30.0

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS subject_key (handle TEXT PRIMARY KEY, record BLOB NOT NULL,"
    " marked INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID"
)


class SubjectFile:
    """The port `SubjectStore` over one file, readable by its owner alone. Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def exists(self) -> bool:
        """Whether keys of anybody were ever made here."""
        return self._path.exists()

    def get(self, handle: str) -> bytes | None:
        """The record, or None."""
        if not self.exists():
            return None
        with self._table() as table:
            found = table.execute("SELECT record FROM subject_key WHERE handle = ?", (handle,)).fetchone()
        return bytes(found[0]) if found else None

    def put(self, handle: str, record: bytes) -> bool:
        """Keeps a record where there is none; False where there is one already."""
        with self._table() as table:
            sql = "INSERT INTO subject_key (handle, record) VALUES (?, ?) ON CONFLICT DO NOTHING"
            return table.execute(sql, (handle, record)).rowcount == 1

    def replace(self, handle: str, record: bytes) -> None:
        """Overwrites the record, and takes its mark away."""
        with self._table() as table:
            table.execute(
                "INSERT INTO subject_key (handle, record) VALUES (?, ?)"
                " ON CONFLICT (handle) DO UPDATE SET record = excluded.record, marked = 0",
                (handle, record),
            )

    def handles(self) -> tuple[str, ...]:
        """The handles of all records, sorted."""
        if not self.exists():
            return ()
        with self._table() as table:
            return tuple(row[0] for row in table.execute("SELECT handle FROM subject_key ORDER BY handle"))

    def mark(self, handle: str) -> None:
        """Notes that a record is being destroyed."""
        with self._table() as table:
            table.execute("UPDATE subject_key SET marked = 1 WHERE handle = ?", (handle,))

    def marked(self) -> tuple[str, ...]:
        """The handles whose destruction was begun and not finished."""
        if not self.exists():
            return ()
        with self._table() as table:
            return tuple(row[0] for row in table.execute("SELECT handle FROM subject_key WHERE marked ORDER BY 1"))

    def sweep(self) -> None:
        """Rewrites the file, so that nothing of a replaced record stays in it."""
        with self._table(transaction=False) as table:
            table.execute("VACUUM")

    @contextmanager
    def _table(self, *, transaction: bool = True) -> Iterator[sqlite3.Connection]:
        import sqlite3

        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._path.exists():
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            with self._lock, closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)) as table:
                for setting in ("journal_mode = DELETE", "synchronous = EXTRA", "secure_delete = ON"):
                    table.execute(f"PRAGMA {setting}").close()
                table.execute("PRAGMA temp_store = MEMORY").close()
                if not transaction:
                    yield table
                    return
                table.execute("BEGIN IMMEDIATE")
                table.execute(_SCHEMA)
                yield table
                table.execute("COMMIT")
        except sqlite3.Error as error:
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            msg = f"the keys of subjects `{self._path}` failed (`{name}`)"
            raise KeyUnavailableError(msg, help="check folder and disk") from None
        except OSError as error:
            msg = f"the keys of subjects `{self._path}` cannot be written: {error.strerror}"
            raise KeyUnavailableError(msg, help="check folder and disk") from None
