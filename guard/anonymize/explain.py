"""A plan in words: what each column gets, why, and what a reader of the result can still know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from guard.anonymize import registry
from guard.anonymize.plan import Field, Plan
from guard.model import Value

if TYPE_CHECKING:
    import pyarrow as pa

KEPT = "everything: the values stay as they are"
DROPPED = "nothing: the column is not in the result"


class Explained(Value, frozen=True):
    """One line of a plan.

    Attributes:
        state: how exposed the values are afterwards.
        shows: all that a reader of one output can know of its input.
        key: `needed` where a secret key takes part, `gives back` where it also turns values back, else empty.
        notes: what the promise rests on, and its limits.
    """

    column: str
    transform: str
    reason: str
    state: str
    shows: str
    key: str = ""
    notes: tuple[str, ...] = ()


def explained(plan: Plan, columns: Sequence[str] | pa.Schema) -> tuple[Explained, ...]:
    """One line for each column in their order, then one for each rule that leaves rows out.

    Raises:
        PlanError: the plan does not fit the columns.
    """
    rows = [_row(field) for field in plan.rows]
    return (*(_explained(field) for field in plan.check(columns)), *rows)


def _row(field: Field) -> Explained:
    """A rule of `rows`: its column decides which rows stay."""
    line = _explained(field)
    shows = "the rows whose value stays; all others are left out"
    return Explained(line.column, f"rows by {line.transform}", line.reason, line.state, shows, line.key, line.notes)


def _explained(field: Field) -> Explained:
    if field.params is None:
        shows = DROPPED if field.transform == "drop" else KEPT
        return Explained(field.column, field.transform, field.reason, field.state.value, shows)
    promise = registry.find(field.transform).guarantee(field.params)
    key = "gives back" if promise.reversible else "needed" if promise.keyed else ""
    return Explained(
        field.column, field.transform, field.reason, promise.state.value, promise.shows, key, promise.notes
    )
