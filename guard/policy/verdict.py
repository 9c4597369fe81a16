"""The engine's raw answer, parsed strictly: whatever guard does not understand becomes an error, and an error denies.

Nothing here decides. The parser attributes every fault to the rule that made it, as far as that can be known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Set
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from guard.model import Predicate, Scalar, Value

MAX_ITEMS = 10_000  # items in one verdict, all rules together
MAX_PREDICATE_DEPTH = 32
MAX_PREDICATE_NODES = 20_000  # values in lists count
MAX_CASES = 16  # of one mask

Text: TypeAlias = Annotated[str, Meta(max_length=4000)]
GapCode: TypeAlias = Literal["unknown_subject", "unknown_purpose", "unclassified_column", "undefined_decision"]


class ReasonItem(Value, frozen=True):
    """What an `allow` or `deny` rule says; `gap` marks a denial for want of knowledge."""

    message: Annotated[str, Meta(min_length=1, max_length=4000)]
    help: Text = ""
    label_sets: tuple[str, ...] = ()
    gap: GapCode | None = None


Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Params: TypeAlias = dict[Name, Scalar]


class CaseItem(Value, frozen=True):
    """Another form of a mask, for the rows of which `when` is true; an empty transform shows the column as it is."""

    when: Predicate
    transform: Annotated[str, Meta(pattern=r"^([a-z][a-z0-9_]{0,63})?$")]
    params: Params = msgspec.field(default_factory=dict)


class MaskItem(Value, frozen=True):
    """A mask on every column of a label set; of several on one column the strongest holds, with all of its cases."""

    label_set: str
    transform: Name
    strength: Annotated[int, Meta(ge=0, le=100)]
    params: Params = msgspec.field(default_factory=dict)
    cases: Annotated[tuple[CaseItem, ...], Meta(max_length=MAX_CASES)] = ()


class RowFilterItem(Value, frozen=True):
    """A row filter on one of the query's tables."""

    table: str
    predicate: Predicate


class MinimumGroupItem(Value, frozen=True, tag_field="type", tag="minimum_group"):
    """Only aggregates over groups of at least `size` rows."""

    size: Annotated[int, Meta(ge=1, le=1_000_000_000)]


class MaxRowsItem(Value, frozen=True, tag_field="type", tag="max_rows"):
    """At most this many rows."""

    rows: Annotated[int, Meta(ge=0, le=1_000_000_000_000)]


Decimal: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9]{1,4}(\.[0-9]{1,20})?(e-[0-9]{1,2})?$")]


class DifferentialPrivacyItem(Value, frozen=True, tag_field="type", tag="differential_privacy"):
    """Only noisy aggregates."""

    epsilon: Decimal
    delta: Decimal = "1e-6"
    mechanism: Literal["laplace", "gaussian"] = "laplace"


LimitItem: TypeAlias = MinimumGroupItem | MaxRowsItem | DifferentialPrivacyItem


class Fault(Value, frozen=True):
    """What is wrong with a rule's contribution."""

    rule: str
    problem: str


class Verdict(Value, frozen=True):
    """A parsed answer: each item with the id of its rule, in the order of rule and then of the engine."""

    allow: tuple[tuple[str, ReasonItem], ...] = ()
    deny: tuple[tuple[str, ReasonItem], ...] = ()
    masks: tuple[tuple[str, MaskItem], ...] = ()
    row_filters: tuple[tuple[str, RowFilterItem], ...] = ()
    limits: tuple[tuple[str, LimitItem], ...] = ()
    faults: tuple[Fault, ...] = ()

    def only(self, rules: Set[str]) -> Verdict:
        """What these rules contributed."""
        return self._where(lambda rule: rule in rules)

    def without(self, rules: Set[str]) -> Verdict:
        """What all other rules contributed."""
        return self._where(lambda rule: rule not in rules) if rules else self

    def _where(self, holds: Callable[[str], bool]) -> Verdict:
        return Verdict(
            allow=tuple(pair for pair in self.allow if holds(pair[0])),
            deny=tuple(pair for pair in self.deny if holds(pair[0])),
            masks=tuple(pair for pair in self.masks if holds(pair[0])),
            row_filters=tuple(pair for pair in self.row_filters if holds(pair[0])),
            limits=tuple(pair for pair in self.limits if holds(pair[0])),
            faults=tuple(fault for fault in self.faults if holds(fault.rule)),
        )


class VerdictError(Exception):
    """The answer as a whole is no verdict on the question: not to be attributed to a rule."""


class _Group(Value, frozen=True):
    rule: str
    items: Any


class _Raw(Value, frozen=True):
    v: Literal[1]
    revision: str
    allow: tuple[_Group, ...]
    deny: tuple[_Group, ...]
    masks: tuple[_Group, ...]
    row_filters: tuple[_Group, ...]
    limits: tuple[_Group, ...]


# msgspec learns a type when it first converts to it, and crashes the process when two threads come first at once;
# a decoder makes it learn, here under the lock of the import.
_LEARNT = tuple(msgspec.json.Decoder(kind) for kind in (_Raw, ReasonItem, MaskItem, RowFilterItem, LimitItem))


def parse_verdict(raw: object, *, revision: str, rules: Set[str], label_sets: Set[str], tables: Set[str]) -> Verdict:
    """The verdict in `raw`, an engine's answer as JSON values.

    Args:
        raw: the value of `data.guard.decision`.
        revision: the pack that was asked; an answer of another pack is none.
        rules: the ids of its rules; no other may speak.
        label_sets: the ids in the question.
        tables: the table names in the question.

    Raises:
        VerdictError: it is not the object that the entry module builds.
    """
    try:
        outer = msgspec.convert(raw, type=_Raw)
    except (msgspec.ValidationError, RecursionError):
        raise VerdictError("the answer is not a verdict") from None
    groups = (*outer.allow, *outer.deny, *outer.masks, *outer.row_filters, *outer.limits)
    if outer.revision != revision:
        raise VerdictError("the answer comes from another revision of the rule pack")
    if not all(group.rule in rules for group in groups):
        raise VerdictError("the answer names a rule that the pack does not have")
    if sum(len(group.items) for group in groups if isinstance(group.items, list)) > MAX_ITEMS:
        raise VerdictError(f"the answer has more than {MAX_ITEMS} items")
    faults: list[Fault] = []
    parsed = Verdict(
        allow=_items(outer.allow, ReasonItem, faults),
        deny=_items(outer.deny, ReasonItem, faults),
        masks=_items(outer.masks, MaskItem, faults),
        row_filters=_items(outer.row_filters, RowFilterItem, faults),
        limits=_items(outer.limits, LimitItem, faults),
    )
    faults += _strangers(parsed, label_sets, tables)
    return msgspec.structs.replace(parsed, faults=tuple(faults))


def _items(groups: tuple[_Group, ...], kind: Any, faults: list[Fault]) -> tuple[tuple[str, Any], ...]:
    """The items that fit; a fault for each one that does not."""
    found: list[tuple[str, Any]] = []
    for group in groups:
        if not isinstance(group.items, list):
            faults.append(Fault(group.rule, "its contribution is not a set"))
            continue
        for item in group.items:
            try:
                if kind is RowFilterItem or kind is MaskItem:
                    _bounded(item)
                found.append((group.rule, msgspec.convert(item, type=kind)))
            except msgspec.ValidationError as error:
                faults.append(Fault(group.rule, f"an item does not fit: {_without_values(error)}"))
            except RecursionError:
                faults.append(Fault(group.rule, "an item is nested too deeply"))
    return tuple(found)


def _strangers(verdict: Verdict, label_sets: Set[str], tables: Set[str]) -> list[Fault]:
    """Faults for what names a label set or a table that was not asked about."""
    faults: list[Fault] = []
    for rule, reason in (*verdict.allow, *verdict.deny):
        if not label_sets >= set(reason.label_sets):
            faults.append(Fault(rule, "a reason names a label set that the input does not have"))
    for rule, mask in verdict.masks:
        if mask.label_set not in label_sets:
            faults.append(Fault(rule, "a mask names a label set that the input does not have"))
    for rule, row_filter in verdict.row_filters:
        if row_filter.table not in tables:
            faults.append(Fault(rule, "a row filter names a table that the input does not have"))
    return faults


def _bounded(item: object) -> None:
    """Refuses a predicate that is too deep or too large, before anything recurses into it."""
    nodes = 0
    level: list[object] = [item]
    for _ in range(MAX_PREDICATE_DEPTH):
        nodes += len(level)
        if not level:
            return
        if nodes > MAX_PREDICATE_NODES:
            raise msgspec.ValidationError("the predicate is too large")
        level = [child for node in level for child in _children(node)]
    raise msgspec.ValidationError("the predicate is nested too deeply")


def _children(node: object) -> list[object]:
    if isinstance(node, Mapping):
        return list(node.values())
    return list(node) if isinstance(node, list | tuple) else []


def _without_values(error: msgspec.ValidationError) -> str:
    """msgspec's message without what it quotes from the item: rules may have put an attribute there."""
    text = re.sub(r"'[^']*'", "(hidden)", str(error))
    return text[:1].lower() + text[1:]
