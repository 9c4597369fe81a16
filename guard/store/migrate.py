"""Brings a store to the newest schema, once, under a lock."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from guard.errors import StoreError
from guard.store.schema import REVISION

FOLDER = Path(__file__).parent / "migrations"
ADVISORY_LOCK = 0x67756172  # "guar"; any fixed number, the same in every guard


def revision(connection: Connection) -> str:
    """The schema that the store has; empty for a new one."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def migrate(connection: Connection) -> None:
    """Migrates inside the caller's write transaction.

    Raises:
        StoreError: the store was written by a newer guard.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ADVISORY_LOCK})
    found = revision(connection)
    if found == REVISION:
        return
    if found and found not in known():
        raise StoreError(
            f"the store has the schema `{found}`, which this guard does not know", help="use the newer guard"
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@cache
def known() -> frozenset[str]:
    """The revisions that this guard ships; a migration's file is named `r<revision>_<what>.py`."""
    return frozenset(file.stem.split("_")[0][1:] for file in (FOLDER / "versions").glob("r*.py"))
