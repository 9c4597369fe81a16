"""The ASGI middleware, alone, under concurrency, and inside of Starlette."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from guard.errors import AccessDeniedError
from guard.integrations.asgi import GuardMiddleware
from guard.integrations.context import acting, asking
from guard.model import Subject

Messages = list[MutableMapping[str, Any]]
NOBODY = {"error": {"code": "unknown-subject", "message": "who are you"}}


def get(app: Any, path: str = "/", user: str = "") -> httpx.Response:
    """One request; an exception of the application is a 500, as a server would answer it."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.get(path, headers={"x-user": user} if user else {})

    return asyncio.run(ask())


def drive(app: Any, scope: MutableMapping[str, Any]) -> Messages:
    """What an application sends for a scope whose client says nothing more than hello."""
    sent: Messages = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": f"{scope['type']}.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def who(scope: MutableMapping[str, Any]) -> Subject | None:
    name = dict(scope["headers"]).get(b"x-user", b"").decode()
    return Subject(name) if name else None


async def denied(_scope: object, _receive: object, _send: object) -> None:
    raise AccessDeniedError("denied: canary-reason", help="canary-help", decision_id="d-1")


def test_a_denial_tells_the_caller_only_the_decision_id() -> None:
    """The reason stays in the log; the caller gets something to quote."""
    response = get(GuardMiddleware(denied, identify=who, purpose="p"), user="a")
    assert response.status_code == 403
    assert response.json() == {"error": {"code": "denied", "message": "denied", "decision": "d-1"}}


def test_nobody_is_answered_401_and_reaches_no_handler() -> None:
    """Without a subject the application is not even called."""
    response = get(GuardMiddleware(denied, identify=who, purpose="p"))
    assert (response.status_code, response.json()) == (401, NOBODY)


def test_identify_may_be_asynchronous_and_the_purpose_may_follow_the_subject() -> None:
    """Whoever is found is who asks, for the purpose that belongs to them."""

    async def found(scope: MutableMapping[str, Any]) -> Subject | None:
        await asyncio.sleep(0)
        return who(scope)

    def say(_request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"{asking().subject.id} for {asking().purpose}")

    app = Starlette(routes=[Route("/", say)])
    guarded = GuardMiddleware(app, identify=found, purpose=lambda subject: f"{subject.id}s")
    assert get(guarded, user="nurse").text == "nurse for nurses"
    assert get(guarded).status_code == 401


def test_a_fault_in_identify_answers_nothing() -> None:
    """A service that cannot tell who calls does not guess."""

    def broken(_scope: object) -> Subject:
        raise LookupError("canary")

    response = get(GuardMiddleware(denied, identify=broken, purpose="p"), user="a")
    assert response.status_code == 500
    assert "canary" not in response.text


def test_an_answer_that_has_begun_is_broken_off() -> None:
    """A denial in the middle of a stream is the server's to break off; no second answer is started."""

    async def late(_scope: object, _receive: object, send: Callable[[Any], Awaitable[None]]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise AccessDeniedError("denied: too late")

    with pytest.raises(AccessDeniedError):
        drive(GuardMiddleware(late, identify=lambda _scope: Subject("a"), purpose="p"), {"type": "http"})


def test_websockets_have_a_subject_too() -> None:
    """A stranger is refused before the handshake; a denial closes the socket with 1008 and no reason."""

    async def talk(_scope: object, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": asking().subject.id})
        raise AccessDeniedError("denied: canary")

    scope = {"type": "websocket", "headers": [(b"x-user", b"a")]}
    close = {"type": "websocket.close", "code": 1008}
    guarded = GuardMiddleware(talk, identify=who, purpose="p")
    assert drive(guarded, {"type": "websocket", "headers": []}) == [close]
    assert drive(guarded, scope) == [
        {"type": "websocket.accept"},
        {"type": "websocket.send", "text": "a"},
        close,
    ]


def test_lifespan_passes_through() -> None:
    """Start and stop of the application are nobody's request."""
    seen: list[str] = []

    async def app(scope: MutableMapping[str, Any], _receive: object, _send: object) -> None:
        seen.append(scope["type"])
        with pytest.raises(AccessDeniedError):
            asking()

    drive(GuardMiddleware(app, identify=who, purpose="p"), {"type": "lifespan"})
    assert seen == ["lifespan"]


def test_inside_of_starlette_a_denial_is_403_and_outside_of_it_500() -> None:
    """Starlette answers what its handlers raise before an outer layer sees it; neither answer says why."""

    def say(_request: Request) -> PlainTextResponse:
        raise AccessDeniedError("denied: canary-reason", decision_id="d-1")

    inside = Starlette(routes=[Route("/", say)])
    inside.add_middleware(GuardMiddleware, identify=who, purpose="p")
    outside = GuardMiddleware(Starlette(routes=[Route("/", say)]), identify=who, purpose="p")
    answers = [get(inside, user="a"), get(outside, user="a")]
    assert [answer.status_code for answer in answers] == [403, 500]
    assert all("canary" not in answer.text for answer in answers)


def test_concurrent_requests_keep_their_own_subject() -> None:
    """Two hundred interleaved requests, in coroutines and in worker threads, each find their own caller."""
    barrier = threading.Barrier(4, timeout=30)

    async def coroutine(_request: Request) -> PlainTextResponse:
        before = asking().subject.id
        await asyncio.sleep(0.001)
        assert asking().subject.id == before
        return PlainTextResponse(before)

    def thread(_request: Request) -> PlainTextResponse:
        before = asking().subject.id
        barrier.wait()  # four requests stand here at once
        assert asking().subject.id == before
        return PlainTextResponse(before)

    app = Starlette(routes=[Route("/coroutine", coroutine), Route("/thread", thread)])
    app.add_middleware(GuardMiddleware, identify=who, purpose="p")

    async def ask_all() -> list[tuple[str, str]]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            users = [f"user-{number}" for number in range(100)]
            paths = ("/coroutine", "/thread")
            calls = [client.get(path, headers={"x-user": user}) for user in users for path in paths]
            names = [user for user in users for _path in paths]
            return [(name, answer.text) for name, answer in zip(names, await asyncio.gather(*calls), strict=True)]

    assert all(name == text for name, text in asyncio.run(ask_all()))


def test_without_a_subject_there_is_no_answer() -> None:
    """The subject is there inside of the block and nowhere else; blocks nest."""
    with pytest.raises(AccessDeniedError, match="without a subject"):
        asking()
    with acting(Subject("a"), "p"):
        with acting(Subject("b"), "q"):
            assert (asking().subject.id, asking().purpose) == ("b", "q")
        assert (asking().subject.id, asking().purpose) == ("a", "p")
    with pytest.raises(AccessDeniedError):
        asking()
