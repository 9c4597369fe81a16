"""The same tests on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from guard.store.store import Store


class Ticking:
    """A clock that moves one second at each look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock() -> Ticking:
    """Time under control."""
    return Ticking()


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a fresh store is opened."""
    if request.param == "sqlite":
        return str(tmp_path / "state" / "guard.db")
    return str(request.getfixturevalue("postgres").create_database())


@pytest.fixture
def store(where: str, clock: Ticking) -> Iterator[Store]:
    """An open store."""
    with Store.open(where, clock=clock) as opened:
        yield opened
