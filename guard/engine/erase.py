"""Erasure: what tells who a subject was is destroyed, and the log says that it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.engine import shred
from guard.engine.people_in_answers import PeopleIndex
from guard.engine.record import entry, entry_of
from guard.errors import UsageError
from guard.model import Value

if TYPE_CHECKING:
    from guard.audit import AuditLog
    from guard.audit.people import People
    from guard.engine.components import Components

ACTOR = "guard"  # of what guard does by itself
HELP = (
    "check the id; it may have been erased before. `guard lineage person KIND --forget` removes a person "
    "that only answers held"
)


class Erasure(Value, frozen=True):
    """What was erased: the pseudonym that now belongs to nobody, and the entry that says so."""

    pseudonym: str
    entry: int


def erase(parts: Components, subject: str, *, operator: str, time: str) -> Erasure:
    """Records the erasure, then does it; one that a crash cut off is done again by `finish`.

    Raises:
        UsageError: guard holds nothing of this subject.
        AuditError: the log or the table of people cannot be written.
    """
    people = parts.people
    log = parts.log
    parts.projector.flush()  # events that are still to be written hold the pseudonym only, but let nothing be in flight
    pseudonym = people.pseudonym(subject)
    keys = shred.handle_of(parts, subject)
    if pseudonym is None and not keys:
        raise UsageError("guard holds nothing of this subject", help=HELP)
    body = {"subject": pseudonym or f"{shred.PREFIX}{keys}", **({shred.MEMBER: keys} if keys else {})}
    # The one who erases may be the one erased: the entry is made before the mark.
    record = entry_of("erasure", people.of(operator), time=time, body=body)
    if pseudonym is not None:
        people.mark(pseudonym)
    if keys:
        shred.mark(parts, keys)
    index = log.append(record)
    # First of all that goes: `finish` knows the pseudonym only and cannot make the marks of the id again.
    PeopleIndex(parts).forget_all(subject)
    if keys:
        shred.destroy(parts, keys)
    if pseudonym is not None:
        people.destroy(pseudonym)
    return Erasure(body["subject"], index)


def finish(people: People, log: AuditLog, *, time: str) -> tuple[Erasure, ...]:
    """Does again what a crash cut off in the middle; a second entry of the same erasure does no harm.

    The entry names no operator: who asked for it stands in the first entry, if that became durable.
    """
    done = []
    for pseudonym in people.marked():
        index = log.append(entry("erasure", time=time, actor=ACTOR, body={"subject": pseudonym, "resumed": True}))
        people.destroy(pseudonym)
        done.append(Erasure(pseudonym, index))
    return tuple(done)
