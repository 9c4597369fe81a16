"""Time as the store writes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def utc_now() -> datetime:
    """The current moment."""
    return datetime.now(UTC)


def moment(clock: Clock) -> str:
    """RFC 3339 in UTC with microseconds, always of the same length, so that text sorts as time."""
    return written(clock())


def written(time: datetime) -> str:
    """A moment as the store writes it."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
