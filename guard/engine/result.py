"""What a query returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guard.model import Decision, EnforcedQuery

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.engine.dp_answer import Privacy


@dataclass(frozen=True, slots=True)
class Result:
    """The answer, and why it looks as it does.

    Attributes:
        table: the rows, already filtered and masked.
        decision: the decision that shaped them.
        enforced: the SQL that ran; its parameters print without their values.
        entry: the index of the record in the audit log; it was durable before `table` was handed out.
        privacy: under differential privacy, what the answer cost and how far off it may be; else None.
    """

    table: pa.Table
    decision: Decision
    enforced: EnforcedQuery
    entry: int
    privacy: Privacy | None = None

    def __repr__(self) -> str:
        return f"Result(rows={self.table.num_rows}, decision={self.decision.id}, entry={self.entry})"
