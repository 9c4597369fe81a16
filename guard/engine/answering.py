"""From a prepared ask to an answer: run here, handed out as SQL, or noised; on record before it leaves."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from guard.engine.desk import Desk, denial
from guard.engine.differencing import hold_apart
from guard.engine.opened import OpenSource
from guard.engine.people_in_answers import seen_in
from guard.engine.prepare import Prepared
from guard.engine.project import Done
from guard.engine.result import Result
from guard.errors import AccessDeniedError, UsageError
from guard.model import Decision, EnforcedQuery, Job, Sensitive

if TYPE_CHECKING:
    from guard.audit.ticket import Ticket
    from guard.engine.dp import PrivateQuery


def hand_out(desk: Desk, prepared: Prepared, opened: OpenSource) -> tuple[Decision, EnforcedQuery]:
    """The decision and the enforced query, recorded as a query before the caller gets it.

    Raises:
        AccessDeniedError: denied, or under differential privacy.
    """
    if prepared.private is not None:
        raise AccessDeniedError(
            "under differential privacy guard runs the statement itself, so that nothing leaves without noise",
            help="use `query`",
            decision_id=desk.record(prepared).id,
        )
    if prepared.enforced is None:
        raise denial(desk.record(prepared))
    hold_apart(desk, prepared, opened, None)
    decision, job, recorded = desk.submit(prepared)
    index = recorded.wait()
    desk.parts.projector.put(
        Done(msgspec.structs.replace(job, entry=index), edges=prepared.edges, digest=prepared.digest)
    )
    return decision, prepared.enforced


def answer(
    desk: Desk,
    prepared: Prepared,
    opened: OpenSource,
    parameters: Mapping[str, Any] | None,
    reservation: int | None = None,
) -> Result:
    """Runs the enforced query; the record is durable before the answer is handed out.

    A private answer is drawn from the reservation, if one is named.

    Raises:
        AccessDeniedError: denied.
        SourceError: the source refused the enforced SQL, or took too long.
        AuditError: the record could not be made durable.
    """
    if prepared.private is not None:
        return _answer_privately(desk, prepared, prepared.private, opened, reservation)
    if prepared.enforced is None:
        raise denial(desk.record(prepared))
    if prepared.writes:
        raise AccessDeniedError(
            "the statement writes, and a query only reads", help="use `write`", decision_id=desk.record(prepared).id
        )
    hold_apart(desk, prepared, opened, parameters)
    enforced = bound(prepared.enforced, parameters) if parameters else prepared.enforced
    # The record is made durable while the source works; the answer waits for both.
    recording = _Recording(desk, prepared)
    try:
        table = opened.source.run(enforced, limits=desk.parts.query_limits, meanwhile=recording.begin)
    finally:
        decision, job, index = recording.wait()
    desk.parts.projector.put(
        Done(
            msgspec.structs.replace(job, entry=index),
            edges=prepared.edges,
            digest=prepared.digest,
            rows=table.num_rows,
            seen=seen_in(table, prepared.identifiers),
        )
    )
    return Result(table=table, decision=decision, enforced=enforced, entry=index)


class _Recording:
    """The record of one ask: begun once, whenever the source gets so far, and in any case waited for."""

    def __init__(self, desk: Desk, prepared: Prepared) -> None:
        self._desk = desk
        self._prepared = prepared
        self._begun: tuple[Decision, Job, Ticket] | None = None

    def begin(self) -> None:
        """Hands the entry to the log; a source that tries twice is on record once."""
        if self._begun is None:
            self._begun = self._desk.submit(self._prepared)

    def wait(self) -> tuple[Decision, Job, int]:
        """The decision, its job, and the index of the entry, which is durable.

        Raises:
            AuditError: it is not, so nothing may leave.
        """
        self.begin()
        assert self._begun is not None
        decision, job, ticket = self._begun
        return decision, job, ticket.wait()


def _answer_privately(
    desk: Desk, prepared: Prepared, private: PrivateQuery, opened: OpenSource, reservation: int | None
) -> Result:
    """Charges, reads, adds noise, records, answers; leaves on the time grid whatever happens."""
    from guard.engine.dp_answer import Asked, on_grid

    answers = desk.parts.private_answers
    with on_grid(answers.grid):
        asked = Asked(prepared.actor, prepared.decision.purpose, opened.source.uri, desk.clock(), reservation)
        noisy = answers.answer(private, opened.source, desk.parts.query_limits, asked)
        body = prepared.body.plus(dp=noisy.body())
        decision, job, recorded = desk.submit(dataclasses.replace(prepared, body=body))
        index = recorded.wait()
    desk.parts.projector.put(
        Done(
            msgspec.structs.replace(job, entry=index),
            edges=prepared.edges,
            digest=prepared.digest,
            rows=noisy.table.num_rows,
        )
    )
    form = EnforcedQuery(sql="", dialect=opened.source.dialect, tables=private.accepted.tables)
    return Result(table=noisy.table, decision=decision, enforced=form, entry=index, privacy=noisy.privacy)


def bound(enforced: EnforcedQuery, parameters: Mapping[str, Any]) -> EnforcedQuery:
    """The enforced statement with the caller's values beside guard's own."""
    reserved = [name for name in parameters if name.startswith("guard_")]
    if reserved:
        raise UsageError(f"parameter `{reserved[0]}` is reserved", help="use a name that does not start with `guard_`")
    given = {name: Sensitive(value) for name, value in parameters.items()}
    return msgspec.structs.replace(enforced, parameters={**enforced.parameters, **given})
