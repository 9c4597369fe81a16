"""An engine that says what a test tells it, to try answers that no honest rule pack gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from guard.errors import PolicyUnavailableError
from guard.model import (
    ColumnUse,
    Dataset,
    Decision,
    FieldLabel,
    FieldRef,
    Label,
    QueryFacts,
    Subject,
    TableName,
    Use,
)
from guard.policy.decide import decide
from guard.policy.entry import VERDICT_KEYS
from guard.policy.metadata import Mode

RESIDENTS = TableName("residents", "public")
CARDS = TableName("cards", "public")
NOW = datetime(2026, 6, 30, 8, 0, tzinfo=UTC)
LABELS = {
    "sfzh": Label("cn.resident_id", 3),
    "phone": Label("cn.mobile", 3),
    "tel": Label("cn.mobile", 3),
    "card_no": Label("cn.bank_card", 3),
}
CLEAN = {"district"}

Said = list[tuple[str, str, Any]]  # rule, set, item


class Scripted:
    """Answers with `raw`, counts the questions and keeps the last one."""

    name = "scripted"
    revision = "sha256:scripted"

    def __init__(self, raw: object = None, modes: Mapping[str, Mode] | None = None) -> None:
        self.raw = raw
        self.modes: Mapping[str, Mode] = modes if modes is not None else {}
        self.asked: list[Mapping[str, Any]] = []

    def decide(self, policy_input: Mapping[str, Any]) -> object:
        """The scripted answer, or that there is none."""
        self.asked.append(policy_input)
        if self.raw is None:
            raise PolicyUnavailableError("the engine is away", help="bring it back")
        return self.raw

    def close(self) -> None:
        """Nothing is held."""


def verdict(said: Said, modes: Mapping[str, str]) -> dict[str, Any]:
    """The raw verdict in which every rule stands with every set, holding what it said."""
    return {
        "v": 1,
        "revision": Scripted.revision,
        **{
            key: [
                {"rule": rule, "items": [item for by, name, item in said if (by, name) == (rule, one)]}
                for rule in sorted(modes)
            ]
            for one, key in VERDICT_KEYS.items()
        },
    }


def says(said: Said, modes: Mapping[str, str]) -> Scripted:
    """An engine whose rules said this."""
    return Scripted(verdict(said, modes), {rule: Mode(mode) for rule, mode in modes.items()})


def label_of(table: TableName, column: str) -> FieldLabel | None:
    """The catalogue of these tests."""
    field = FieldRef(Dataset("test", str(table)), column)
    if column in CLEAN:
        return FieldLabel(field, "clean")
    if column in LABELS:
        return FieldLabel(field, "sensitive", LABELS[column])
    return FieldLabel(field, "not_scanned") if column == "skipped" else None


def facts(*columns: str, table: TableName = RESIDENTS, statement: str = "select") -> QueryFacts:
    """A query over `table` that puts these columns out."""
    uses = tuple(ColumnUse(table, column, (Use.OUTPUT,)) for column in columns)
    return QueryFacts("postgres", statement, (table,), uses)


def decided(
    engine: Any,
    query: QueryFacts,
    *,
    subject: Subject | None = None,
    purpose: str = "audit",
    labels: Callable[[TableName, str], FieldLabel | None] = label_of,
) -> Decision:
    """`decide` with what the tests do not vary."""
    return decide(
        query,
        labels,
        subject=subject or Subject("u-1", ("doctor",), {"districts": ["浦东新区"]}),
        purpose=purpose,
        source="duckdb:///city.db",
        now=NOW,
        decision_id="d-1",
        engine=engine,
        category_of=lambda kind: "identity" if kind == "cn.resident_id" else "other",
    )
