"""One function a route of Trino's; the answers have OPA's frame, `{"result": ...}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from guard.errors import UsageError
from guard.sidecar.metrics import Metrics
from guard.sidecar.trino.answers import Trino
from guard.sidecar.trino.wire import question

if TYPE_CHECKING:
    from collections.abc import Callable

    from guard.engine import Guard


def allow(guard: Guard, _metrics: Metrics, _request: Request, body: bytes) -> Response:
    """`opa.policy.uri`."""
    return _result(_trino(guard).allow(question(body)))


def batch(guard: Guard, _metrics: Metrics, _request: Request, body: bytes) -> Response:
    """`opa.policy.batched-uri`."""
    return _result(_trino(guard).batch(question(body)))


def row_filters(guard: Guard, _metrics: Metrics, _request: Request, body: bytes) -> Response:
    """`opa.policy.row-filters-uri`."""
    return _result(_trino(guard).row_filters(question(body)))


def column_mask(guard: Guard, _metrics: Metrics, _request: Request, body: bytes) -> Response:
    """`opa.policy.column-masking-uri`; a column without a mask is an undefined result, as OPA answers it."""
    found = _trino(guard).column_mask(question(body))
    return _json({}) if found is None else _result(found)


def column_masks(guard: Guard, _metrics: Metrics, _request: Request, body: bytes) -> Response:
    """`opa.policy.batch-column-masking-uri`."""
    return _result(_trino(guard).column_masks(question(body)))


POSTS: dict[str, Callable[[Guard, Metrics, Request, bytes], Response]] = {
    "/v1/data/trino/allow": allow,
    "/v1/data/trino/batch": batch,
    "/v1/data/trino/rowFilters": row_filters,
    "/v1/data/trino/columnMask": column_mask,
    "/v1/data/trino/batchColumnMasks": column_masks,
}


def _trino(guard: Guard) -> Trino:
    settings = guard.loaded.config.trino
    if not settings.purpose:
        raise UsageError("no purpose is configured for Trino", help="set `purpose` under [trino] in guard.toml")
    return Trino(guard, purpose=settings.purpose, ignore_max_rows=settings.ignore_max_rows)


def _result(value: Any) -> Response:
    return _json({"result": value})


def _json(document: dict[str, Any]) -> Response:
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(msgspec.json.encode(document), 200, headers, media_type="application/json")
