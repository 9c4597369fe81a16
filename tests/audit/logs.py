"""What the tests of the audit room share: a signer, entries, and small logs of known shape."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from guard.audit import AuditLog, Ed25519Signer
from guard.model import Entry, Sensitive

SIGNER = Ed25519Signer("example.org/log", Sensitive(b"1" * 32))
OTHER = Ed25519Signer("example.org/log", Sensitive(b"2" * 32))


def entry(number: int, *, time: str = "") -> Entry:
    """The entry with this number."""
    return Entry(
        v=1, kind="decision", time=time, actor="analyst-7", body={"number": number, "tables": ["crm.people"], "rows": 3}
    )


def build(folder: Path, batches: Iterable[int], signer: Ed25519Signer = SIGNER) -> int:
    """A closed log in `folder` with batches of these sizes; its size."""
    with AuditLog.open(folder, signer) as log:
        for count in batches:
            log.extend([entry(log.size + at) for at in range(count)])
        return log.size


def numbers(folder: Path) -> list[int]:
    """The numbers of the entries in the log, in order."""
    from guard.audit import reader

    return [each.body["number"] for _, each in reader.entries(folder)]
