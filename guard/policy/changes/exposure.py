"""What an allowed question shows: the obligations of its verdict, brought to one form that can be compared."""

from __future__ import annotations

from collections.abc import Sequence

from guard.model import Value
from guard.policy.obligations import canonical
from guard.policy.verdict import MaxRowsItem, MinimumGroupItem, Verdict


class Exposure(Value, frozen=True):
    """What an allowed cell shows: the mask of each tag (strength, transform, parameters), row filters and limits."""

    masks: tuple[tuple[str, int, str, bytes], ...] = ()
    row_filters: tuple[tuple[str, bytes], ...] = ()
    minimum_group: int = 0
    max_rows: int = -1  # -1: no limit
    others: tuple[tuple[str, bytes], ...] = ()  # limits of any other type, by that type


def exposure_of(parts: Sequence[Verdict]) -> Exposure:
    """Several verdicts as one: of masks the strongest, of limits the strictest, row filters all."""
    masks: dict[str, tuple[int, str, str, bytes]] = {}
    filters: set[tuple[str, bytes]] = set()
    group, rows = 0, -1
    others: set[tuple[str, bytes]] = set()
    for part in parts:
        for rule, mask in part.masks:
            ranked = (
                -mask.strength,
                rule,
                mask.transform,
                canonical((mask.params, mask.cases) if mask.cases else mask.params),
            )
            masks[mask.label_set] = min(masks.get(mask.label_set, ranked), ranked)
        filters |= {(item.table, canonical(item.predicate)) for _, item in part.row_filters}
        for _, limit in part.limits:
            if isinstance(limit, MinimumGroupItem):
                group = max(group, limit.size)
            elif isinstance(limit, MaxRowsItem):
                rows = limit.rows if rows < 0 else min(rows, limit.rows)
            else:
                others.add((str(limit.__struct_config__.tag), canonical(limit)))
    return Exposure(
        masks=tuple(sorted((tag, -ranked[0], ranked[2], ranked[3]) for tag, ranked in masks.items())),
        row_filters=tuple(sorted(filters)),
        minimum_group=group,
        max_rows=rows,
        others=tuple(sorted(others)),
    )
