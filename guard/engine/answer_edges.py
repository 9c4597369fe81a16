"""The lineage of an answer as guard gave it: what masks and minimum groups did to values on their way."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import msgspec

from guard.anonymize import registry
from guard.lineage.edges import BETWEEN
from guard.lineage.propagate import GROUPS
from guard.model import Dataset, Decision, Edge, FieldRef, Mask, MaskCase, MinimumGroup, QueryLineage, State
from guard.sql.catalogue import Catalogue

_EXPOSED = {state: rank for rank, state in enumerate(State)}


def edges_of_answer(
    lineage: QueryLineage,
    decision: Decision,
    catalogue: Catalogue,
    answer: Dataset,
    *,
    noise: tuple[Fraction, Fraction] | None = None,
) -> tuple[Edge, ...]:
    """The edges of the enforced statement; those of the original go through what the decision owes.

    A mask stands before every function, since it takes the place of the column: `guard:masked > lower`. A minimum group
    stands after the aggregates: `sum > guard:groups(10)`. With `noise`, the epsilon and delta that the answer was
    charged, every value ends in `guard:dp(1/2,0)`. A nameless target is the answer itself.
    """
    masked = _masked(decision, catalogue)
    size = max((owed.size for owed in decision.obligations if isinstance(owed, MinimumGroup)), default=0)
    last = [f"guard:dp({noise[0]},{noise[1]})"] if noise is not None else []
    return tuple(
        msgspec.structs.replace(
            edge,
            target=edge.target if edge.target.dataset.name else FieldRef(answer, edge.target.path),
            masking=edge.source in masked or (noise is not None and edge.type == "DIRECT"),
            how=_ways(edge, masked.get(edge.source), size, last),
        )
        for edge in lineage.edges
    )


def _masked(decision: Decision, catalogue: Catalogue) -> Mapping[FieldRef, State]:
    """The state that each masked column is left in; of several masks on one column the weakest counts."""
    found: dict[FieldRef, State] = {}
    for owed in decision.obligations:
        table = catalogue.get(owed.table) if isinstance(owed, Mask) else None
        if isinstance(owed, Mask) and table is not None:
            if any(not case.transform for case in owed.cases):
                continue  # some rows show it as it is
            field = FieldRef(table.dataset, owed.column)
            forms: tuple[Mask | MaskCase, ...] = (owed, *owed.cases)
            for form in forms:
                params = registry.params(form.transform, form.params)
                state = registry.find(form.transform).guarantee(params).state
                found[field] = min(state, found.get(field, state), key=_EXPOSED.__getitem__)
    return found


def _ways(edge: Edge, mask: State | None, size: int, last: list[str]) -> tuple[str, ...]:
    before = [f"guard:{mask.value}"] if mask is not None else []
    after = [f"{GROUPS}({size})"] if size and edge.subtype == "AGGREGATION" else []
    if edge.type == "INDIRECT" or not (before or after or last):
        return edge.how
    inner = edge.how or (("",) if edge.subtype == "IDENTITY" else ("~",))
    return tuple(sorted(BETWEEN.join([*before, *([way] if way else []), *after, *last]) for way in inner))
