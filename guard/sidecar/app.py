"""The sidecar's HTTP application.

Who calls is the service in front, which vouches for the subject; so the token is the service's, and every route
but health needs it when one is configured. Sources are those named in the configuration: a caller can never make
guard open a file or a host of its own choosing.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from guard.errors import AccessDeniedError, ConfigError, GuardError
from guard.sidecar import authzen, routes
from guard.sidecar.border import Border, read_body
from guard.sidecar.metrics import Metrics
from guard.sidecar.trino import routes as trino
from guard.sidecar.wire import VERSION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from guard.engine import Guard

log = structlog.get_logger("guard.sidecar")

Handler = Callable[["Guard", Metrics, Request, bytes], Any]

POSTS: dict[str, Handler] = {
    "/v1/check": routes.check,
    "/v1/query": routes.query,
    "/v1/classify": routes.classify,
    "/v1/anonymize": routes.anonymize,
    **trino.POSTS,
    **authzen.POSTS,
}
GETS: dict[str, Handler] = {
    "/v1/lineage": routes.lineage,
    "/v1/audit/checkpoint": routes.checkpoint,
    "/v1/audit/proof/{index}": routes.proof,
    "/v1/audit/verify": routes.verify,
    **authzen.GETS,
}


class State:
    """Whether the sidecar takes work; false from the moment it is told to stop."""

    def __init__(self) -> None:
        self.ready = False


def build(guard: Guard, border: Border, state: State | None = None) -> Starlette:
    """The application over an open guard; `border` says who may ask.

    Raises:
        ConfigError: re-identification is to be served to callers whom nobody knows.
    """
    state = state or State()
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await run_sync(routes.warm, guard)
        state.ready = True
        yield
        state.ready = False
        await run_sync(guard.flush)

    def endpoint(name: str, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            border.admit(request)
            body = await read_body(request)
            return _response(await run_sync(handler, guard, metrics, request, body, abandon_on_cancel=True))

        return functools.partial(_guarded, name, metrics, answer)

    async def live(_request: Request) -> Response:
        return PlainTextResponse("live\n")

    async def ready(request: Request) -> Response:
        if not state.ready:
            return PlainTextResponse("not ready\n", status_code=503)
        return _response(await run_sync(routes.ready, guard, metrics, request, b""))

    async def show_metrics(request: Request) -> Response:
        border.admit(request)
        await run_sync(routes.recorded, guard, metrics)
        return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def unknown(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        metrics.answered("other", status, 0.0)
        return _error(status, {404: "not-found", 405: "method"}.get(status, "http"), "there is no such route")

    return Starlette(
        lifespan=lifespan,
        exception_handlers={HTTPException: unknown},
        routes=[
            Route("/health/live", live, methods=["GET"]),
            Route("/health/ready", functools.partial(_guarded, "/health/ready", metrics, ready), methods=["GET"]),
            Route("/metrics", functools.partial(_guarded, "/metrics", metrics, show_metrics), methods=["GET"]),
            *(
                Route(path, endpoint(path, handler), methods=["POST"])
                for path, handler in _posts(guard, border).items()
            ),
            *(Route(path, endpoint(path, handler), methods=["GET"]) for path, handler in GETS.items()),
        ],
    )


def _posts(guard: Guard, border: Border) -> dict[str, Handler]:
    """The routes that take a body; re-identification is one where that is configured and callers are known.

    Raises:
        ConfigError: it is configured, and whoever reaches the port could ask.
    """
    if not guard.loaded.config.reidentify.over_http:
        return POSTS
    if not border.authenticates:
        message = "`reidentify.over_http` is set, and callers are not known"
        raise ConfigError(message, help="set `serve.token`, or `serve.tls_client_ca` for client certificates")
    return {**POSTS, "/v1/reidentify": routes.reidentify}


async def _guarded(
    name: str, metrics: Metrics, answer: Callable[[Request], Awaitable[Response]], request: Request
) -> Response:
    """Runs a route, turns every error into its answer, and counts it."""
    begun = time.perf_counter()
    try:
        response = await answer(request)
    except AccessDeniedError as error:
        response = _error(error.http_status, error.code, error.message, help=error.help, decision=error.decision_id)
    except GuardError as error:
        response = _error(error.http_status, error.code, error.message, help=error.help)
    except ClientDisconnect:
        response = Response(status_code=400)  # nobody is there to read it
    except Exception as error:  # noqa: BLE001 - the outermost layer; the text of a foreign error may hold data
        log.error("sidecar.internal_error", route=name, type=type(error).__name__)
        response = _error(500, "internal", "internal error")
    metrics.answered(name, response.status_code, time.perf_counter() - begun)
    return response


def _response(answer: Any) -> Response:
    return answer if isinstance(answer, Response) else _json(200, {"v": VERSION, **answer})


def _error(status: int, code: str, message: str, **more: str) -> Response:
    error = {"code": code, "message": message, **{name: text for name, text in more.items() if text}}
    return _json(status, {"v": VERSION, "error": error})


def _json(status: int, document: dict[str, Any]) -> Response:
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(msgspec.json.encode(document), status, headers, media_type="application/json")
