"""AuthZEN: a decision in the shapes of the Authorization API 1.0, one or many at once.

A resource is a query (`{"type": "query", "id": "<source>", "properties": {"sql": ...}}`) or a table
(`{"type": "table", "id": "<schema.table>", "properties": {"source": ..., "columns": [...]}}`); the purpose stands in
the context. Errors are plain text with their status, as the standard has them. Reference: openid.net,
"Authorization API 1.0", sections 5 to 7.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from sqlglot import exp
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from guard.errors import GuardError, UsageError
from guard.model import Decision, Subject
from guard.sidecar.metrics import Metrics

if TYPE_CHECKING:
    from guard.engine import Guard

MAX_EVALUATIONS = 1000
ACTIONS = frozenset({"select", "read", "can_read"})
SEMANTICS = {"execute_all": None, "deny_on_first_deny": False, "permit_on_first_permit": True}
EVALUATION = "/access/v1/evaluation"
EVALUATIONS = "/access/v1/evaluations"
_PARTS = ("subject", "action", "resource", "context")


class _Subject(msgspec.Struct, frozen=True):
    type: str
    id: str
    properties: dict[str, Any] = {}


class _Action(msgspec.Struct, frozen=True):
    name: str
    properties: dict[str, Any] = {}


class _Resource(msgspec.Struct, frozen=True):
    type: str
    id: str
    properties: dict[str, Any] = {}


class _Evaluation(msgspec.Struct, frozen=True):
    subject: _Subject
    action: _Action
    resource: _Resource
    context: dict[str, Any] = {}


def evaluation(guard: Guard, metrics: Metrics, request: Request, body: bytes) -> Response:
    """One decision."""
    try:
        return _json(_evaluate(guard, metrics, _object(body)), request)
    except UsageError as error:
        return _refused(error, request)


def evaluations(guard: Guard, metrics: Metrics, request: Request, body: bytes) -> Response:
    """Many decisions; what stands at the top counts for each that does not say otherwise."""
    try:
        document = _object(body)
        items = document.get("evaluations")
        if items is None or items == []:
            return _json(_evaluate(guard, metrics, document), request)
        stop = _semantic(document)
        if not isinstance(items, list) or len(items) > MAX_EVALUATIONS:
            raise UsageError(f"`evaluations` is not a list of at most {MAX_EVALUATIONS}")
        defaults = {name: document[name] for name in _PARTS if name in document}
        answers: list[dict[str, Any]] = []
        for item in items:
            answers.append(_one_of_many(guard, metrics, defaults, item))
            if stop is not None and answers[-1]["decision"] is stop:
                break
        return _json({"evaluations": answers}, request)
    except UsageError as error:
        return _refused(error, request)


POSTS: dict[str, Callable[[Guard, Metrics, Request, bytes], Response]] = {
    EVALUATION: evaluation,
    EVALUATIONS: evaluations,
}


def configuration(_guard: Guard, _metrics: Metrics, request: Request, _body: bytes) -> Response:
    """`/.well-known/authzen-configuration`."""
    base = str(request.base_url).rstrip("/")
    return _json(
        {
            "policy_decision_point": base,
            "access_evaluation_endpoint": f"{base}{EVALUATION}",
            "access_evaluations_endpoint": f"{base}{EVALUATIONS}",
        },
        request,
    )


GETS: dict[str, Callable[[Guard, Metrics, Request, bytes], Response]] = {
    "/.well-known/authzen-configuration": configuration
}


def _one_of_many(guard: Guard, metrics: Metrics, defaults: Mapping[str, Any], item: Any) -> dict[str, Any]:
    """One of a batch; what is wrong with it is a denial with its error, and the others are answered."""
    try:
        if not isinstance(item, dict):
            raise UsageError("an evaluation is not an object")
        return _evaluate(guard, metrics, {**defaults, **item})
    except UsageError as error:
        return {"decision": False, "context": {"error": {"status": error.http_status, "message": error.message}}}


def _evaluate(guard: Guard, metrics: Metrics, document: Mapping[str, Any]) -> dict[str, Any]:
    try:
        asked = msgspec.convert(dict(document), _Evaluation)
        subject = _subject(asked.subject)
    except (msgspec.ValidationError, ValueError, RecursionError):
        raise UsageError("subject, action or resource is missing or does not fit") from None
    if asked.action.name not in ACTIONS:
        return _denied(f"unknown action; guard decides on {', '.join(sorted(ACTIONS))}")
    purpose = asked.context.get("purpose", asked.action.properties.get("purpose", ""))
    if not isinstance(purpose, str) or not purpose:
        return _denied("`context.purpose` says what for, and is missing")
    source, sql = _statement(guard, asked.resource)
    if source not in guard.loaded.config.sources:
        return _denied("the source is not configured")
    decision = guard.check(sql, subject=subject, purpose=purpose, source=source)
    metrics.decided(decision)
    return {"decision": decision.allowed, "context": _context(decision)}


def _subject(given: _Subject) -> Subject:
    properties = dict(given.properties)
    roles = properties.pop("roles", [])
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise ValueError
    attributes = {
        name: value
        for name, value in properties.items()
        if isinstance(value, str | int | float | bool) or _texts(value)
    }
    return Subject(id=given.id, roles=tuple(roles), attributes=attributes)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _statement(guard: Guard, resource: _Resource) -> tuple[str, str]:
    """The source and the statement that stand for the resource."""
    properties = resource.properties
    if resource.type == "query":
        sql = properties.get("sql")
        if not isinstance(sql, str):
            raise UsageError("a query has no `properties.sql`")
        return resource.id, sql
    if resource.type == "table":
        source, columns = properties.get("source"), properties.get("columns", [])
        if not isinstance(source, str) or not _texts(columns):
            raise UsageError("a table needs `properties.source`, and `columns` as a list of names")
        if source not in guard.loaded.config.sources:
            return source, ""
        *schema, name = resource.id.split(".")
        chosen: list[exp.Expression] = [exp.column(column, quoted=True) for column in columns] or [exp.Star()]
        table = exp.table_(name, db=".".join(schema) or None, quoted=True)
        return source, exp.select(*chosen).from_(table).sql(dialect=guard.snapshot(source).dialect)
    raise UsageError("the type of a resource is `query` or `table`")


def _context(decision: Decision) -> dict[str, Any]:
    """Why, in the standard's words; what an allowed answer owes stands in it too, without predicates."""
    reasons = [f"{reason.rule}: {reason.message}" for reason in (*decision.determined_by, *decision.errored)]
    reasons += [f"{gap.code}: {gap.what}" for gap in decision.gaps]
    obligations = [
        {key: value for key, value in one.items() if key != "predicate"}
        for one in msgspec.to_builtins(decision.obligations)
    ]
    return {
        "id": decision.id,
        "revision": decision.revision,
        "reason_admin": {"en": "; ".join(reasons)},
        **({"obligations": obligations} if obligations else {}),
    }


def _denied(reason: str) -> dict[str, Any]:
    return {"decision": False, "context": {"reason_admin": {"en": reason}}}


def _semantic(document: Mapping[str, Any]) -> bool | None:
    options = document.get("options", {})
    named = options.get("evaluations_semantic", "execute_all") if isinstance(options, dict) else None
    if not isinstance(named, str) or named not in SEMANTICS:
        raise UsageError(f"`options.evaluations_semantic` is one of {', '.join(SEMANTICS)}")
    return SEMANTICS[named]


def _object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise UsageError("the request is not JSON") from None
    if not isinstance(document, dict):
        raise UsageError("the request is not a JSON object")
    return document


def _json(document: dict[str, Any], request: Request) -> Response:
    return Response(msgspec.json.encode(document), 200, _headers(request), media_type="application/json")


def _refused(error: GuardError, request: Request) -> Response:
    return PlainTextResponse(error.message, error.http_status, _headers(request))


def _headers(request: Request) -> dict[str, str]:
    """The caller's own id of the request comes back, when it is one that a header can carry."""
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    given = request.headers.get("x-request-id", "")
    if given and len(given) <= 200 and given.isascii() and given.isprintable():
        headers["x-request-id"] = given
    return headers
