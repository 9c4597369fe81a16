"""The erasure of a person's keys: what stands under them is noise afterwards, wherever it was copied to.

The order is that of every erasure: marked, on record, destroyed. What a crash cut off is finished when the log is next
opened, and what a restored backup brings back is destroyed again by what the log says.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from guard.anonymize.keys_subject import destroy_handle
from guard.anonymize.keys_subject_file import FILE, SubjectFile
from guard.engine.record import entry

if TYPE_CHECKING:
    from guard.audit import AuditLog
    from guard.engine.components import Components

ACTOR = "guard"  # of what guard does by itself
MEMBER = "keys"  # of the body of an entry of erasure: the handle of the keys, which names nobody
PREFIX = "k-"  # of what stands for a person who has keys and never acted


def handle_of(parts: Components, subject: str) -> str:
    """The handle of the subject's keys; empty where guard holds none."""
    if not parts.subject_file.exists():
        return ""
    keys = parts.subject_keys
    return keys.handle(subject) if keys.holds(subject) else ""


def mark(parts: Components, handle: str) -> None:
    """Notes, durably, that these keys are to be destroyed; before the entry that says so."""
    parts.subject_file.mark(handle)


def destroy(parts: Components, handle: str) -> None:
    """Destroys the keys; after the entry that says so."""
    destroy_handle(parts.subject_file, handle)


def finish(file: SubjectFile, log: AuditLog, *, time: str) -> tuple[str, ...]:
    """Does again what a crash cut off in the middle; a second entry of the same erasure does no harm."""
    handles = file.marked()
    for handle in handles:
        body = {"subject": f"{PREFIX}{handle}", MEMBER: handle, "resumed": True}
        log.append(entry("erasure", time=time, actor=ACTOR, body=body))
        destroy_handle(file, handle)
    return handles


def erase_again(state: Path) -> tuple[str, ...]:
    """Destroys keys in a restored state that its log says were erased; the handles that had come back."""
    file = SubjectFile(state / "keys" / FILE)
    if not file.exists():
        return ()
    held = set(file.handles())
    back = tuple(handle for handle in _erased(state / "audit") if handle in held and file.get(handle) != b"0")
    for handle in back:
        destroy_handle(file, handle)
    return back


def _erased(audit: Path) -> Iterator[str]:
    """The handles in the log's entries of erasure."""
    from guard.audit import entry as entries
    from guard.audit import reader
    from guard.audit.snapshot import ERASURE

    for batch in reader.batches(audit):
        if ERASURE not in batch.packed:
            continue
        for data in batch.entries():
            found = entries.decode(data) if ERASURE in data else None
            handle = found.body.get(MEMBER) if found is not None and found.kind == "erasure" else None
            if isinstance(handle, str):
                yield handle
