"""What an allowed answer must undergo, from the verdict's items: per column one mask, per kind of limit the strictest.

The result does not depend on the order in which an engine lists its items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import msgspec

from guard.model import DifferentialPrivacy, Mask, MaskCase, MaxRows, MinimumGroup, Obligation, RowFilter, TableName
from guard.policy.query_input import Question
from guard.policy.verdict import (
    DifferentialPrivacyItem,
    LimitItem,
    MaskItem,
    MaxRowsItem,
    MinimumGroupItem,
    Verdict,
)


def obligations(verdict: Verdict, question: Question) -> tuple[Obligation, ...]:
    """Row filters, then masks, then limits, each in the order of their names.

    Of several masks on a column the one with the highest strength holds; on a tie the rule whose id sorts first, then
    the transform, then the parameters. All row filters of a table hold. The largest minimum group, the smallest row
    limit and the strictest differential privacy hold.
    """
    return (*_row_filters(verdict, question.tables), *_masks(verdict, question), *_limits(verdict.limits))


def _row_filters(verdict: Verdict, tables: Mapping[str, TableName]) -> list[RowFilter]:
    filters = {
        (item.table, rule, canonical(item.predicate)): RowFilter(
            table=tables[item.table], predicate=item.predicate, rule=rule
        )
        for rule, item in verdict.row_filters
    }
    return [filters[key] for key in sorted(filters)]


def _masks(verdict: Verdict, question: Question) -> list[Mask]:
    strongest: dict[str, tuple[str, MaskItem]] = {}
    for rule, item in sorted(verdict.masks, key=_rank):
        strongest.setdefault(item.label_set, (rule, item))
    masks = [
        Mask(
            table=table,
            column=column,
            transform=item.transform,
            params=item.params,
            rule=rule,
            cases=tuple(MaskCase(when=one.when, transform=one.transform, params=one.params) for one in item.cases),
        )
        for label_set, (rule, item) in strongest.items()
        for table, column in question.label_sets[label_set].columns
    ]
    return sorted(masks, key=lambda mask: (mask.table, mask.column))


def _rank(pair: tuple[str, MaskItem]) -> tuple[int, str, str, bytes, bytes]:
    rule, item = pair
    return (-item.strength, rule, item.transform, canonical(item.params), canonical(item.cases))


def _limits(items: Sequence[tuple[str, LimitItem]]) -> list[Obligation]:
    groups = [(-item.size, rule) for rule, item in items if isinstance(item, MinimumGroupItem)]
    rows = [(item.rows, rule) for rule, item in items if isinstance(item, MaxRowsItem)]
    found: list[Obligation] = []
    if groups:
        size, rule = min(groups)
        found.append(MinimumGroup(size=-size, rule=rule))
    if rows:
        most, rule = min(rows)
        found.append(MaxRows(rows=most, rule=rule))
    private = [(item, rule) for rule, item in items if isinstance(item, DifferentialPrivacyItem)]
    if private:
        found.append(_strictest(private))
    return found


def _strictest(items: list[tuple[DifferentialPrivacyItem, str]]) -> DifferentialPrivacy:
    """The smallest epsilon with the smallest delta; Laplace noise, which needs no delta, where rules differ."""
    item, rule = min(items, key=lambda pair: (Fraction(pair[0].epsilon), pair[1]))
    return DifferentialPrivacy(
        epsilon=item.epsilon,
        delta=min((each.delta for each, _ in items), key=Fraction),
        mechanism="gaussian" if all(each.mechanism == "gaussian" for each, _ in items) else "laplace",
        rule=rule,
    )


def canonical(value: object) -> bytes:
    """One spelling for equal values, to sort by."""
    return msgspec.json.encode(value, order="sorted")
