"""A copy of a SQLite database as it is at one moment, while others write to it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from guard.errors import StoreError

PAGES = 4096  # copied at once; writers may go on in between, and the copy begins again where they changed a page


def snapshot(source: Path, target: Path) -> None:
    """Writes the copy by SQLite's own backup; the target is readable by its owner alone and must not exist.

    Raises:
        StoreError: the database cannot be read, the copy cannot be written, or it is damaged.
    """
    try:
        os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        with (
            closing(sqlite3.connect(f"file:{_quoted(source)}?mode=ro", uri=True, timeout=30)) as reading,
            closing(sqlite3.connect(target)) as writing,
        ):
            reading.backup(writing, pages=PAGES)
            writing.execute("PRAGMA journal_mode = DELETE").close()
        check(target)
    except (sqlite3.Error, OSError) as error:
        name = getattr(error, "sqlite_errorname", None) or getattr(error, "strerror", None) or type(error).__name__
        raise StoreError(f"`{source.name}` cannot be copied (`{name}`)", help="check disk and permissions") from None


def check(database: Path) -> None:
    """Has SQLite look at every page.

    Raises:
        StoreError: something in it does not agree.
    """
    try:
        with closing(sqlite3.connect(f"file:{_quoted(database)}?mode=ro", uri=True)) as reading:
            found = reading.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        found = (type(error).__name__,)
    if found != ("ok",):
        raise StoreError(f"`{database.name}` is damaged", help="use another backup")


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path.absolute()))
