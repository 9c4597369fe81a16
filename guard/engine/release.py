"""Edges of what guard does beside queries: anonymise runs, releases with noise, scans, documents of other tools.

Whoever adds a kind of job says its edges here, and hands them to `guard.engine.leave.leave`.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from guard.lineage.edges import BETWEEN
from guard.model import Dataset, Edge, FieldLabel, FieldRef, State

if TYPE_CHECKING:
    from guard.anonymize.plan import Plan

FILES = "file"  # OpenLineage's namespace of local files
FRAMES = "frame"  # of tables in memory
CATALOGUE = FieldRef(Dataset("guard", "catalogue"), "labels")  # what scans write


def file(path: Path) -> Dataset:
    """A file as a dataset."""
    return Dataset(FILES, str(path.absolute()))


def edges_of_plan(plan: Plan, came: Dataset, went: Dataset, columns: Iterable[str] = ()) -> tuple[Edge, ...]:
    """One DIRECT edge for each column that leaves; a transform that hides is a masking edge and says its state.

    `columns` are those of the input: what the plan does not name goes its `default` way.
    """
    named = {field.column: field for field in plan.fields}
    states = {column: field.state for column, field in named.items() if field.transform != "drop"}
    kept = {column for column, field in named.items() if field.transform == "keep"}
    for column in columns:
        if column not in named and plan.default in ("keep", "redact"):
            states[column] = State.RAW if plan.default == "keep" else State.NONE
            kept |= {column} if plan.default == "keep" else set()
    return tuple(
        Edge(
            FieldRef(came, column),
            FieldRef(went, column),
            "DIRECT",
            "IDENTITY" if column in kept else "TRANSFORMATION",
            masking=state is not State.RAW,
            how=() if column in kept else (f"guard:{state.value}",),
        )
        for column, state in states.items()
    )


def edges_of_dp(
    sources: Iterable[FieldRef], target: FieldRef, *, epsilon: Fraction, delta: Fraction = Fraction(0)
) -> tuple[Edge, ...]:
    """A release with differential privacy: every column that the statistic reads, the label weakened to dp.

    `epsilon` and `delta` are what the budget ledger was charged; they stand in the edge's way.
    """
    said = f"guard:dp({epsilon},{delta})"
    how = (BETWEEN.join(("~", said)),)
    return tuple(Edge(source, target, "DIRECT", "AGGREGATION", masking=True, how=how) for source in sources)


def edges_of_scan(labels: Iterable[FieldLabel]) -> tuple[Edge, ...]:
    """Values that were looked at decide the labels in the catalogue; none of them goes there."""
    looked = (label.field for label in labels if label.verdict != "not_scanned")
    return tuple(Edge(field, CATALOGUE, "INDIRECT", "CONDITIONAL") for field in dict.fromkeys(looked))
