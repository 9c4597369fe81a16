"""What a policy engine is asked: policy input version 1, one question for the whole statement.

Columns with equal labels and equal uses share a label set, so the input grows with what is sensitive in a query and
not with the width of its tables. The shape is held by docs/reference/policy-input.schema.json.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from guard.model import ColumnUse, FieldLabel, Gap, Label, QueryFacts, Subject, TableName, Use, Value

INPUT_VERSION = 1
ACTION = "select"

LabelOf: TypeAlias = Callable[[TableName, str], FieldLabel | None]
CategoryOf: TypeAlias = Callable[[str], str]


class LabelSet(Value, frozen=True):
    """Columns that the rules cannot tell apart; `classified` is False where nobody has looked."""

    id: str
    classified: bool
    labels: tuple[Label, ...]
    uses: tuple[Use, ...]
    columns: tuple[tuple[TableName, str], ...]
    column_names: tuple[str, ...]  # `schema.table.column` of each, sorted


class Question(Value, frozen=True):
    """The input for the engine, and what is needed to read its answer."""

    policy_input: Mapping[str, Any]
    tables: Mapping[str, TableName]  # by the name that the input uses
    label_sets: Mapping[str, LabelSet]
    gaps: tuple[Gap, ...]


def ask(
    facts: QueryFacts,
    label_of: LabelOf,
    *,
    subject: Subject,
    purpose: str,
    source: str,
    now: datetime,
    category_of: CategoryOf,
    reidentify: Mapping[str, Any] | None = None,
) -> Question:
    """The question that `facts` raise; `reidentify` says what is turned back, for the action of that name.

    Raises:
        ValueError: `now` has no time zone.
    """
    if now.tzinfo is None:
        msg = "`now` needs a time zone"
        raise ValueError(msg)
    sets, gaps = label_sets(facts.columns, label_of)
    tables = {str(table): table for table in facts.tables}
    policy_input = {
        "v": INPUT_VERSION,
        "subject": {"id": subject.id, "roles": list(subject.roles), "attributes": _attributes(subject)},
        "action": facts.statement or "unknown",
        "purpose": purpose,
        "context": {"source": source, "time": now.astimezone(UTC).isoformat().replace("+00:00", "Z")},
        "tables": [{"name": name} for name in tables],
        "label_sets": [_set_input(item, category_of) for item in sets.values()],
    }
    if facts.target is not None:
        policy_input["write"] = {"table": str(facts.target)}
    if reidentify is not None:
        policy_input["reidentify"] = dict(reidentify)
    return Question(policy_input=policy_input, tables=tables, label_sets=sets, gaps=gaps)


def label_sets(columns: tuple[ColumnUse, ...], label_of: LabelOf) -> tuple[dict[str, LabelSet], tuple[Gap, ...]]:
    """The distinct label sets in order of first use, numbered from "0", and a gap for each unclassified column."""
    uses_of: dict[tuple[TableName, str], set[Use]] = {}
    for one in columns:
        uses_of.setdefault((one.table, one.column), set()).update(one.uses)
    names = {(table, column): f"{table}.{column}" for table, column in uses_of}
    grouped: dict[tuple[bool, tuple[Label, ...], tuple[Use, ...]], list[tuple[TableName, str]]] = {}
    gaps: list[Gap] = []
    for (table, column), uses in uses_of.items():
        field = label_of(table, column)
        classified = _is_classified(field)
        labels = (field.label,) if classified and field is not None and field.label is not None else ()
        if not classified:
            gaps.append(_unclassified(table, column))
        grouped.setdefault((classified, labels, tuple(sorted(uses))), []).append((table, column))
    sets = {
        str(number): LabelSet(str(number), *key, tuple(members), tuple(sorted(names[member] for member in members)))
        for number, (key, members) in enumerate(grouped.items())
    }
    return sets, tuple(gaps)


def _is_classified(field: FieldLabel | None) -> bool:
    """A verdict counts only when it is whole: sensitive without a label says nothing that a rule could use."""
    if field is None or field.verdict == "not_scanned":
        return False
    return field.verdict == "clean" or field.label is not None


def _unclassified(table: TableName, column: str) -> Gap:
    return Gap(
        code="unclassified_column",
        what=f"column `{table}.{column}` has not been classified",
        help="run `guard scan` on the source, then ask again",
    )


def _set_input(item: LabelSet, category_of: CategoryOf) -> dict[str, Any]:
    labels = [
        {"kind": label.kind, "category": category_of(label.kind), "level": label.level, "state": label.state.value}
        for label in item.labels
    ]
    return {"id": item.id, "classified": item.classified, "labels": labels, "uses": [use.value for use in item.uses]}


def _attributes(subject: Subject) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in subject.attributes.items()}
