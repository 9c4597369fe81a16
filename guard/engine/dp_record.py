"""A row of the privacy budget as an entry of the audit log, and a ledger brought up to the log again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from guard.anonymize.dp.budget import StoreLedger, body_of
from guard.model import Entry

if TYPE_CHECKING:
    from pathlib import Path

    from guard.anonymize.dp.ledger import Receipt
    from guard.engine.components import Components


def record_row(parts: Components, receipt: Receipt, actor: str) -> None:
    """Makes a row an entry of the log, durable when this returns; `actor` is the pseudonym of who caused it.

    Raises:
        AuditError: the log does not take it; the row stays, and whoever asked gets no answer.
    """
    from guard.audit import timestamp

    parts.log.append(Entry(v=1, kind="budget", time=timestamp(parts.clock()), actor=actor, body=body_of(receipt)))


def charge_again(store: Path, log: Path) -> int:
    """Makes the rows again that the log holds and a restored, older ledger lacks; returns how many.

    Without it a restored backup would give back what was spent after it was made.

    Args:
        store: the SQLite file of the store.
        log: the folder of the log, which was verified.

    Raises:
        IntegrityError: the rows do not follow from each other, such as when one was never recorded.
    """
    from guard.audit import reader
    from guard.store.store import Store

    rows: dict[int, Mapping[str, Any]] = {}
    for _, entry in reader.entries(log):
        if entry.kind == "budget":
            rows.setdefault(int(entry.body["row"]), entry.body)
    if not rows:
        return 0
    with Store.open(store) as opened:
        size, _ = opened.ledger.head()
        missing = [rows[index] for index in sorted(rows) if index >= size]
        ledger = StoreLedger(opened.ledger)
        for body in missing:
            ledger.replay(body)
    return len(missing)
