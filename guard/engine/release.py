"""Lineage of an anonymise run: from each field of the input to its field of the output."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from guard.model import Dataset, Edge, FieldRef, State

if TYPE_CHECKING:
    from guard.anonymize.plan import Plan

FILES = "file"  # OpenLineage's namespace of local files


def edges_of_plan(plan: Plan, source: Path, target: Path) -> tuple[Edge, ...]:
    """One DIRECT edge for each field that the plan names and keeps; a transform that hides is a masking edge."""
    came, went = Dataset(FILES, str(source.absolute())), Dataset(FILES, str(target.absolute()))
    return tuple(
        Edge(
            source=FieldRef(came, field.column),
            target=FieldRef(went, field.column),
            type="DIRECT",
            subtype="IDENTITY" if field.transform == "keep" else "TRANSFORMATION",
            masking=field.state is not State.RAW,
        )
        for field in plan.fields
        if field.transform != "drop"
    )
