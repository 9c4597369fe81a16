"""The ledger of re-identification: what was turned back stays counted."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from guard.store.store import Store

NOW = datetime(2026, 6, 30, 8, tzinfo=UTC)


def charge(store: Store, values: int, *, who: str = "s-1", purpose: str = "audit", after: float = 0) -> int | None:
    """A charge against 100 values an hour."""
    now = NOW + timedelta(seconds=after)
    return store.reidentified.charge(who, purpose, values, limit=100, window=3600, now=now)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def where(request: Any, tmp_path: Path) -> str:
    """A place for a store."""
    if request.param == "sqlite":
        return str(tmp_path / "guard.db")
    return str(request.getfixturevalue("postgres").create_database())


def test_values_are_counted_by_subject_and_purpose_over_a_window(where: str) -> None:
    """A charge that would be too much counts nothing; others have their own; after the window all is free again."""
    with Store.open(where) as store:
        assert [charge(store, 60), charge(store, 41), charge(store, 40), charge(store, 1)] == [0, None, 60, None]
        assert [charge(store, 100, who="s-2"), charge(store, 100, purpose="service")] == [0, 0]
        assert charge(store, 1, after=3599) is None
        assert charge(store, 100, after=3600) == 0


def test_a_restart_and_a_clock_set_back_give_nothing(where: str) -> None:
    """The count is in the store, and what lies in the future counts."""
    with Store.open(where) as store:
        assert charge(store, 100) == 0
    with Store.open(where) as again:
        assert charge(again, 1) is None
        assert charge(again, 1, after=-86_400) is None


def test_threads_never_get_more_than_the_limit_together(where: str) -> None:
    """Of forty charges of ten at once ten succeed."""
    done: list[int | None] = []
    with Store.open(where) as store, Store.open(where) as other:
        workers = [
            threading.Thread(target=lambda one=one: done.append(charge(one, 10)))  # type: ignore[misc]
            for one in (store, other) * 20
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert sorted(found for found in done if found is not None) == list(range(0, 100, 10))
