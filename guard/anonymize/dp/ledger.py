"""The privacy budget as a port: what is charged, to whom, and what is left. Implemented by `guard.store.ledger`.

The rule is one: **charge, then read**. A charge that does not fit raises and nothing is read; a charge that was made
stays made, whatever happens afterwards. What is charged never depends on the data.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from guard.anonymize.dp.account import Cost, Limit
from guard.errors import GuardError, UsageError
from guard.model import Value

MAX_NAME = 512  # characters of each part of a key

Event: TypeAlias = Literal["charge", "reserve", "draw", "release", "limit"]
Window: TypeAlias = Literal["day", "week", "month", "quarter", "year", "forever"]


class BudgetSpentError(GuardError):
    """The budget does not hold this cost. Says nothing that depends on the data."""

    code = "budget-spent"
    exit_code = 1
    http_status = 429


class LedgerKey(Value, frozen=True, order=True):
    """Whose budget: one for each subject, purpose, data set and time window. `*` stands for all of them together.

    `subject` is the pseudonym by which the audit log names a person, so that erasing the person leaves the sums right.
    """

    subject: str
    purpose: str
    dataset: str
    window: str = "forever"  # as `window_of` names it

    def __post_init__(self) -> None:
        for part in (self.subject, self.purpose, self.dataset, self.window):
            if not part or len(part) > MAX_NAME or not part.isprintable():
                raise UsageError(
                    f"a part of a budget's key is empty, over {MAX_NAME} characters or not printable",
                    help="write `*` for all",
                )


class Receipt(Value, frozen=True):
    """A row of the ledger, as made. `digest` is the end of the row chain and belongs into the audit log."""

    index: int  # of the row, from 0
    event: Event
    keys: tuple[LedgerKey, ...]
    cost: Cost
    time: str  # RFC 3339, UTC
    query: str  # the canonical fingerprint of the query, or of what reserved
    digest: str  # SHA-256 of this row and the one before, in hexadecimal
    reservation: int | None = None  # the row that a draw or release belongs to
    limit: str = ""  # what an event `limit` wrote down


class Balance(Value, frozen=True):
    """One key's sum: spent (with what is reserved), how much of that is reserved and not drawn, and the limit."""

    key: LedgerKey
    spent: Cost
    reserved: Cost
    limit: Limit | None
    rows: int


Hook: TypeAlias = Callable[[Receipt], None]  # writes the row into the audit log, durably, or raises


class Ledger(Protocol):
    """A persisted budget, safe under concurrency and when a process is killed at any moment."""

    def charge(self, key: LedgerKey, cost: Cost, *, limit: Limit, now: datetime, query_fingerprint: str) -> Receipt:
        """Spends `cost` when all spent so far, with it, stays within `limit`; durable when it returns.

        Raises:
            BudgetSpentError: it does not fit; nothing was charged.
            StoreError: the ledger cannot be written; nothing may be read.
            IntegrityError: the ledger's own sums do not agree.
        """

    def charge_all(
        self, charges: tuple[tuple[LedgerKey, Limit], ...], cost: Cost, *, now: datetime, query_fingerprint: str
    ) -> Receipt:
        """The same cost from several budgets, all or none: of a subject and of everybody, of each table."""

    def reserve(self, key: LedgerKey, cost: Cost, *, limit: Limit, now: datetime, query_fingerprint: str) -> Receipt:
        """Sets `cost` aside, for a batch that must not stop half-way. `draw` spends from it."""

    def draw(self, reservation: int, key: LedgerKey, cost: Cost, *, now: datetime, query_fingerprint: str) -> Receipt:
        """Spends from a reservation of this key, which the limit has seen already.

        Raises:
            BudgetSpentError: the reservation does not hold this cost, or is released.
            UsageError: the row is no reservation, or one of another key.
        """

    def release(self, reservation: int, *, now: datetime) -> Receipt:
        """Gives back what was not drawn of a reservation: nothing was read for it."""

    def remaining(self, key: LedgerKey) -> Balance:
        """What was spent from a key and the limit that stands in the ledger."""

    def history(self, key: LedgerKey) -> tuple[Receipt, ...]:
        """The rows that touch a key, oldest first."""


def window_of(window: Window, now: datetime) -> str:
    """The name of the window that a moment falls into, in UTC: `2026-11`, `2026-Q4`, `2026-W47`, `forever`."""
    from datetime import UTC

    day = now.astimezone(UTC).date()
    if window == "day":
        return day.isoformat()
    if window == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"
    if window == "month":
        return f"{day.year:04d}-{day.month:02d}"
    if window == "quarter":
        return f"{day.year:04d}-Q{(day.month + 2) // 3}"
    if window == "year":
        return f"{day.year:04d}"
    return "forever"
