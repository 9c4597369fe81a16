"""How a job leaves its trace: edges in the store, an entry in the log, then the job in the lineage.

    index = leave(parts, Trail("anonymize", name=..., purpose=..., edges=edges_of_plan(...)), operator=..., time=...)

The entry is durable when `leave` returns; the job follows off the caller's path, or at the next start after a crash.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from guard.engine.project import Done
from guard.engine.record import entry_of
from guard.model import Edge, Job, JobKind
from guard.store.lineage import digest_of

if TYPE_CHECKING:
    from guard.engine.components import Components
    from guard.engine.places import Place


@dataclass(frozen=True, slots=True)
class Trail:
    """What a job did. `body` are further members of its entry: names and counts, never a value."""

    kind: JobKind  # also the kind of the entry
    name: str
    edges: tuple[Edge, ...] = ()
    purpose: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    place: Place = ()  # of who gets the result, where it is an answer


def leave(parts: Components, trail: Trail, *, operator: str, time: str) -> int:
    """Records a finished job with its edges; returns the index of its entry.

    Raises:
        AuditError: the entry could not be made durable; then the result must not be handed out.
    """
    digest = digest_of(trail.edges)
    parts.store.lineage.keep(digest, trail.edges)
    person = parts.people.of(operator)
    job_id = f"{trail.kind[0]}-{secrets.token_hex(10)}"
    body = {
        "job": job_id,
        "target": trail.name,
        "purpose": trail.purpose,
        "edges": digest,
        **({"place": dict(trail.place)} if trail.place else {}),
        **trail.body,
    }
    index = parts.log.append(entry_of(trail.kind, person, time=time, body=body))
    job = Job(job_id, trail.kind, trail.name, time, person.pseudonym, trail.purpose, index, trail.place)
    parts.projector.put(Done(job=job, edges=trail.edges, digest=digest))
    return index
