"""Writes: decided, enforced, on record before they run, and the labels of what was read carried to the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from guard.engine.answering import bound
from guard.engine.desk import Desk, denial
from guard.engine.opened import OpenSource
from guard.engine.prepare import Prepared
from guard.engine.project import Done
from guard.errors import AccessDeniedError, SourceError, UsageError
from guard.lineage.propagate import Carried, carried, over, worst
from guard.model import Decision, EnforcedQuery, Evidence, FieldLabel, FieldRef, Label, Table
from guard.sources.source import Limits
from guard.sources.write import Writable

if TYPE_CHECKING:
    import pyarrow as pa

    from guard.config import Config


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What a write did.

    Attributes:
        rows: how many rows it met; None where the engine does not say.
        table: what RETURNING gave, filtered and masked; None without RETURNING.
        decision: the decision that shaped it.
        enforced: the SQL that ran.
        entry: the index of the record in the audit log; it was durable before the statement ran.
    """

    rows: int | None
    table: pa.Table | None
    decision: Decision
    enforced: EnforcedQuery
    entry: int

    def __repr__(self) -> str:
        return f"WriteResult(rows={self.rows}, decision={self.decision.id}, entry={self.entry})"


def hold_writable(config: Config, source: object) -> None:
    """Refuses a source that the configuration does not name.

    Raises:
        UsageError: guard may not write there.
    """
    if not (isinstance(source, str | Path) and str(source) in config.writes.sources):
        raise UsageError(
            "guard may not write to this source", help="name it in `writes.sources` of guard.toml, as it is asked for"
        )


def run_write(
    desk: Desk, prepared: Prepared, opened: OpenSource, parameters: Mapping[str, Any] | None, seconds: float
) -> WriteResult:
    """Runs a prepared write.

    Raises:
        AccessDeniedError: denied, or no write.
        SourceError: refused by the source, or a source without writes.
        AuditError: the record could not be made durable.
    """
    if prepared.enforced is None:
        raise denial(desk.record(prepared))
    if not prepared.writes:
        raise AccessDeniedError("the statement only reads", help="use `query`", decision_id=desk.record(prepared).id)
    source = opened.source
    if not isinstance(source, Writable):
        raise SourceError(f"`{source.uri}` is a kind of source that guard only reads")
    enforced = bound(prepared.enforced, parameters) if parameters else prepared.enforced
    _, labels, _ = opened.snapshot()
    decision, job, recorded = desk.submit(prepared)
    index = recorded.wait()  # before anything changes
    written = source.write(enforced, limits=Limits(seconds=seconds))
    done = msgspec.structs.replace(job, entry=index)
    desk.parts.projector.put(Done(done, edges=prepared.edges, digest=prepared.digest, rows=written.rows))
    _carry_labels(desk, prepared, opened, {label.field: label for label in labels.values()})
    return WriteResult(written.rows, written.table, decision, enforced, index)


def _carry_labels(desk: Desk, prepared: Prepared, opened: OpenSource, known: Mapping[FieldRef, FieldLabel]) -> None:
    """What was read is still what it was: the target's columns get the labels of what flowed into them."""
    facts = prepared.decision.facts
    assert facts is not None
    assert facts.target is not None
    opened.forget()
    catalogue, labels, _ = opened.snapshot()
    target = catalogue.get(facts.target)
    desk.forget_asks()
    if target is None:
        return
    incoming: dict[str, list[Carried]] = {}
    for edge in prepared.edges:
        label = known.get(edge.source)
        if edge.type == "DIRECT" and label is not None and label.label is not None:
            found = over(edge, [carried(label.label)], desk.parts.label_rules)
            incoming.setdefault(edge.target.path, []).extend(found)
    made = facts.statement == "create"
    stored = [
        label
        for column in target.columns
        if (label := _label(target, column.name, incoming, labels.get((target.name, column.name)), made=made))
    ]
    if stored:
        desk.parts.store.catalogue.save(stored)
        opened.forget()


def _label(
    target: Table, column: str, incoming: Mapping[str, list[Carried]], now: FieldLabel | None, *, made: bool
) -> FieldLabel | None:
    """The label that a column has from now on, or None where it keeps the one it has."""
    field = FieldRef(target.dataset, column)
    brought = [one for one in worst(incoming.get(column, ())) if one.sensitive]
    if not brought:
        # Everything that a decision let through was looked at, so what a new table got of it is clean.
        evidence = Evidence("context", "made of columns without a label", 0.0)
        return FieldLabel(field, "clean", identity=target.identity, evidence=(evidence,)) if made else None
    highest = max(brought, key=lambda one: one.level)
    if now is not None and now.label is not None and now.label.level >= highest.level:
        return None
    evidence = Evidence("context", "written from a column with this label", 0.0)
    label = Label(highest.kind, highest.level, highest.state)
    return FieldLabel(field, "sensitive", label, score=1.0, identity=target.identity, evidence=(evidence,))
