"""The times of a log's entries: they never decrease, and a clock that says otherwise is refused by name.

A clock that runs backwards must not stop the service that it stands in, nor make the log lie. So the time is refused,
not the entry: the entry stands under the latest time of the log, its member `claimed` holds the refused one, and
`clock_runs_backwards` is told (`guard audit verify`, `guard doctor`, the metrics, an event of the service's own log).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from guard.audit import entry as canonical
from guard.errors import AuditError
from guard.model import Entry, Value

BACKWARDS = "clock_runs_backwards"  # the name of the refusal, wherever it is told
CURE = "set the clock; until it has caught up entries stand under the log's latest time"
SKEW = timedelta(seconds=1)  # callers' times may lie so far behind each other without a note
AHEAD = timedelta(seconds=60)  # a time further in the future is refused with its entry


class RefusedTime(Value, frozen=True):
    """A time that the log refused, and the log's latest, under which the entry stands."""

    claimed: str
    latest: str


OnRefused: TypeAlias = Callable[[RefusedTime], None]


def utc_now() -> datetime:
    """The system's clock."""
    return datetime.now(UTC)


def _ignored(_refused: RefusedTime) -> None:
    """Told to nobody; the log itself holds it."""


class Times:
    """What the entries of one log say of the time.

    `tell` calls `on_refused` once when the clock is found behind, and again only after it was right in between.
    """

    def __init__(self, clock: Callable[[], datetime], latest: str) -> None:
        self._clock = clock
        self.on_refused: OnRefused = _ignored
        # OWNED BY: whoever holds the writer's gate
        self._latest = latest
        self._behind = False
        self._untold: RefusedTime | None = None
        self.refused = 0  # times refused since the log was opened; read by anyone

    def now(self) -> str:
        """What the clock says, as the log spells it."""
        return canonical.timestamp(self._clock())

    def in_order(self, entry: Entry) -> Entry | None:
        """The entry at the log's latest time, where its own lies before that; None where it stands as it is.

        Called with the writer's gate held.
        """
        if entry.time >= self._latest:
            self._latest, self._behind = entry.time, False
            return None
        claimed = entry.time if behind(entry.time, self._latest) else ""
        if claimed:
            self.refused += 1
            if not self._behind:
                self._behind = True
                self._untold = RefusedTime(claimed, self._latest)
        return Entry(entry.v, entry.kind, self._latest, entry.actor, entry.body, claimed)

    def tell(self) -> None:
        """Says what was refused; called when the gate is free again, since nobody knows how long saying it takes."""
        if self._untold is not None:
            told, self._untold = self._untold, None
            self.on_refused(told)


def behind(time: str, latest: str) -> bool:
    """True where a time lies so far before the log's latest that the log refuses it."""
    return bool(latest) and datetime.fromisoformat(latest) - datetime.fromisoformat(time) > SKEW


def require_in_order(time: str, latest: str) -> None:
    """Returns where the log would take this time after its latest (empty for a log without entries).

    Raises:
        AuditError: the clock runs backwards.
    """
    if behind(time, latest):
        raise AuditError(
            f"{BACKWARDS}: the clock says {time}, the log's last entry is of {latest}",
            help=CURE,
        )


def stamped(entry: Entry, now: str) -> Entry:
    """The entry with a time that the log accepts.

    Raises:
        AuditError: the time is not in the log's one spelling, or far in the future: times in the log never decrease,
            so one wrong time would mark all that follow.
    """
    if not entry.time:
        return Entry(entry.v, entry.kind, now, entry.actor, entry.body)
    if not canonical.is_timestamp(entry.time) or entry.claimed:
        raise AuditError(
            f"entry of kind `{entry.kind}` has a time that is not RFC 3339 in UTC with microseconds",
            help="use `guard.audit.timestamp`, or leave the time empty",
        )
    if entry.time > now and datetime.fromisoformat(entry.time) > datetime.fromisoformat(now) + AHEAD:
        raise AuditError(f"entry of kind `{entry.kind}` has a time ahead of the log's clock")
    return entry
