"""A witness over HTTP: `POST add-checkpoint`, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.audit.witness import MAX_REQUEST, Answer, Witness
from guard.errors import AuditError

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

MAX_BYTES = 4 * MAX_REQUEST


def app(witness: Witness) -> Starlette:
    """The ASGI application of a witness."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import Response
    from starlette.routing import Route

    async def add(request: Request) -> Response:
        data = b""
        async for chunk in request.stream():
            data += chunk
            if len(data) > MAX_BYTES:
                return _response(Answer(413, "the request is too long\n"))
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return _response(Answer(400, "the request is not text\n"))
        try:
            return _response(await run_in_threadpool(witness.add, text))
        except AuditError:
            return _response(Answer(503, "the witness cannot keep its state, so it signs nothing\n"))

    def _response(answer: Answer) -> Response:
        return Response(answer.body, answer.status, media_type=answer.content_type)

    return Starlette(routes=[Route("/add-checkpoint", add, methods=["POST"])])
