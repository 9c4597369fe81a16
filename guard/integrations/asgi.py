"""ASGI middleware: the caller of a request becomes the subject of every query that its handler runs.

Plain ASGI, so that context variables reach the handler; decisions of who calls use `scope` as the server parsed
it, never a URL rebuilt from headers.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from guard.errors import AccessDeniedError
from guard.integrations.context import acting
from guard.model import Subject

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Identify = Callable[[Scope], Subject | Awaitable[Subject | None] | None]
Purpose = str | Callable[[Subject], str]

POLICY_VIOLATION = 1008  # RFC 6455, section 7.4.1


class GuardMiddleware:
    """Sets the subject and purpose around each request and websocket.

    A denial that reaches the middleware is answered 403 with the decision's id; the reason stays in the log. In
    Starlette and FastAPI add it with `app.add_middleware(GuardMiddleware, ...)`: wrapped around the whole application
    it sees denials only after the framework has answered 500.

    Args:
        app: the ASGI application.
        identify: who calls, from a scope that an authentication in front has verified; None refuses with 401. May be
            asynchronous. What it raises is a fault of the service: the request fails.
        purpose: what this service reads data for, or how to tell it from the subject.
    """

    def __init__(self, app: App, *, identify: Identify, purpose: Purpose) -> None:
        self.app = app
        self.identify = identify
        self.purpose = purpose

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request or websocket; lifespan passes through."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        found = self.identify(scope)
        subject = await found if inspect.isawaitable(found) else found
        if subject is None:
            await _refuse(scope, send, 401, {"error": {"code": "unknown-subject", "message": "who are you"}})
            return
        sent = ""  # the type of the last message

        async def remember(message: MutableMapping[str, Any]) -> None:
            nonlocal sent
            sent = message["type"]
            await send(message)

        purpose = self.purpose if isinstance(self.purpose, str) else self.purpose(subject)
        with acting(subject, purpose):
            try:
                await self.app(scope, receive, remember)
            except AccessDeniedError as error:
                # An answer that has begun cannot become a 403: the server breaks it off. A websocket can still close.
                if sent == "websocket.close" or sent.startswith("http."):
                    raise
                body = {"error": {"code": error.code, "message": "denied", "decision": error.decision_id}}
                await _refuse(scope, send, error.http_status, body)


async def _refuse(scope: Scope, send: Send, status: int, body: object) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        return
    content = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
