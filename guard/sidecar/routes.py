"""One function a route: bytes in, a JSON object out; they run on worker threads."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from guard.errors import AccessDeniedError, AuditError, UsageError
from guard.sidecar import answer
from guard.sidecar.metrics import Metrics
from guard.sidecar.refusals import NotFoundError
from guard.sidecar.wire import MAX_ECHO, AnonymizeIn, CheckIn, QueryIn, ReidentifyIn, TextIn, decode

if TYPE_CHECKING:
    from guard.engine import Guard

MAX_DEPTH = 100  # steps of a lineage
MAX_FIELD = 1000  # characters of a field's name


def warm(guard: Guard) -> None:
    """Opens what a first request would otherwise wait for; a broken rule pack stops the sidecar here."""
    parts = guard.parts
    _ = parts.engine.revision, parts.log.size, parts.classifier.version, parts.masks, parts.projector


def ready(guard: Guard, _metrics: Metrics, _request: Request, _body: bytes) -> dict[str, Any]:
    """The rule pack is loaded, and the log takes entries."""
    guard.parts.log.require_open()
    return {"ready": True, "revision": guard.parts.engine.revision}


def recorded(guard: Guard, metrics: Metrics) -> None:
    """Brings up to date what the metrics tell of the log: its clock, its witnesses and its time-stamp authority."""
    from guard.engine.attest import parties

    opened = guard.parts.opened_log()
    metrics.refused_times(opened.refused_times if opened else 0)
    with suppress(AuditError):  # `guard doctor` tells of a damaged status
        for party in parties(guard.parts):
            metrics.attested(party.name, party.size, party.failures)


def check(guard: Guard, metrics: Metrics, _request: Request, body: bytes) -> dict[str, Any]:
    """A decision, without running anything."""
    ask = _ask(guard, body, CheckIn)
    decision = guard.check(ask.sql, subject=ask.subject.value(), purpose=ask.purpose, source=ask.source)
    metrics.decided(decision)
    document = msgspec.to_builtins(decision)
    # Predicates hold attributes of the subject; the caller learns which rule applies to which table.
    document["obligations"] = [
        {key: value for key, value in obligation.items() if key != "predicate"}
        for obligation in document["obligations"]
    ]
    return {"decision": document}


def query(guard: Guard, metrics: Metrics, _request: Request, body: bytes) -> dict[str, Any]:
    """The answer of an enforced query, by column."""
    ask = _ask(guard, body, QueryIn)
    try:
        result = guard.query(
            ask.sql,
            subject=ask.subject.value(),
            purpose=ask.purpose,
            source=ask.source,
            parameters=ask.parameters or None,
        )
    except AccessDeniedError as error:
        if error.decision is not None:
            metrics.decided(error.decision)
        raise
    metrics.decided(result.decision)
    return {
        "columns": answer.columns(result.table),
        "rows": result.table.num_rows,
        "decision": result.decision.id,
        "revision": result.decision.revision,
        "entry": result.entry,
        **({} if result.privacy is None else {"privacy": msgspec.to_builtins(result.privacy)}),
    }


def classify(guard: Guard, _metrics: Metrics, _request: Request, body: bytes) -> dict[str, Any]:
    """The kinds in a text, with spans; the values stay with the caller."""
    request = decode(body, TextIn)
    return {"findings": [msgspec.to_builtins(found) for found in guard.classify_text(request.text)]}


def anonymize(guard: Guard, _metrics: Metrics, _request: Request, body: bytes) -> dict[str, Any]:
    """The rows after their transforms."""
    import pyarrow as pa

    from guard.anonymize.plan import Plan

    request = decode(body, AnonymizeIn)
    plan = Plan.from_mapping(request.plan)
    try:
        table = pa.Table.from_pylist(request.rows)
    except (pa.ArrowException, OverflowError):
        raise UsageError("the rows are not one table", help="give each field the same type in each row") from None
    return {"rows": answer.rows(guard.anonymize(table, plan))}


def reidentify(guard: Guard, _metrics: Metrics, _request: Request, body: bytes) -> dict[str, Any]:
    """The values behind pseudonyms, where a rule grants it."""
    from guard.anonymize.plan import Plan

    ask = decode(body, ReidentifyIn)
    found = guard.reidentify(
        ask.tokens,
        Plan.from_mapping(ask.plan),
        column=ask.column,
        kind=ask.kind,
        subject=ask.subject.value(),
        purpose=ask.purpose,
    )
    return {"values": found.values.to_pylist(), "decision": found.decision.id, "entry": found.entry}


def lineage(guard: Guard, _metrics: Metrics, request: Request, _body: bytes) -> dict[str, Any]:
    """Where a field comes from and went to: `?field=table.column&depth=3`."""
    field = request.query_params.get("field", "")
    depth = _number(request.query_params.get("depth", "3"))
    if not 0 < len(field) <= MAX_FIELD or depth is None or not 0 < depth <= MAX_DEPTH:
        raise UsageError(
            f"`field` or `depth` is missing or wrong; depth is 1 to {MAX_DEPTH}",
            help="ask for ?field=table.column&depth=3",
        )
    guard.flush()
    text = guard.lineage.show(field, depth=depth, direction="both", output_format="json")
    return {"lineage": json.loads(text)}


def checkpoint(guard: Guard, _metrics: Metrics, _request: Request, _body: bytes) -> Response:
    """The log's signed tree head, as a signed note."""
    return PlainTextResponse(guard.audit.checkpoint())


def proof(guard: Guard, _metrics: Metrics, request: Request, _body: bytes) -> Response:
    """The proof of one entry; verifies offline."""
    index = _number(request.path_params["index"])
    if index is None or index >= guard.parts.log.size:
        raise NotFoundError("the log has no such entry", help="`/v1/audit/verify` says its size")
    return PlainTextResponse(guard.audit.prove(index))


def verify(guard: Guard, _metrics: Metrics, _request: Request, _body: bytes) -> dict[str, Any]:
    """Re-reads the whole log."""
    report = guard.audit.verify()
    return {"verified": True, "entries": report.size, "root": report.root.hex()}


def _ask(guard: Guard, body: bytes, kind: type[CheckIn]) -> Any:
    """The question of a request, of a source that the configuration names.

    Raises:
        UsageError: it does not fit, or names another source.
    """
    ask = decode(body, kind)
    if ask.source not in guard.loaded.config.sources:
        raise UsageError(
            f"source `{ask.source[:MAX_ECHO]}` is not configured",
            help="name it under [sources] in guard.toml and restart the sidecar",
        )
    return ask


def _number(text: str) -> int | None:
    """A whole number of at most 15 digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None
