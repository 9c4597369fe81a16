"""Who may enter, and what is read of a request before a route sees it."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from guard.errors import ConfigError
from guard.model import Sensitive
from guard.sidecar import border
from guard.sidecar.app import GETS, POSTS
from guard.sidecar.border import Border, is_loopback
from tests.sidecar.conftest import TOKEN, Service, ask

OPEN = {"/health/live", "/health/ready"}
WRONG = (
    "",
    "Bearer",
    "Bearer ",
    "Bearer wrong",
    f"Bearer {TOKEN[:-1]}",
    f"Bearer {TOKEN}x",
    f"Basic {TOKEN}",
    TOKEN,
    f"Bearer {TOKEN.upper()}",
    "Bearer \xe9\xe9",
)


@pytest.mark.parametrize("given", WRONG)
def test_every_route_but_health_needs_the_token(secured: Service, given: str) -> None:
    """Without it, or with another one, nothing is answered: not even what metrics say."""
    headers = {"authorization": given.encode("latin-1")} if given else {}
    for path in (*POSTS, "/metrics", *GETS):
        method = "POST" if path in POSTS else "GET"
        response = secured.client.request(method, path, headers=headers, json=ask() if method == "POST" else None)
        assert (response.status_code, response.json()["error"]["code"]) == (401, "unauthorized"), path
    assert {path: secured.client.get(path).status_code for path in OPEN} == dict.fromkeys(OPEN, 200)


def test_the_token_opens_every_route(secured: Service) -> None:
    """The scheme's case does not matter; with a token any Host is fine."""
    for scheme in ("Bearer", "bearer"):
        headers = {"authorization": f"{scheme} {TOKEN}", "host": "guard.internal:8787"}
        assert secured.client.post("/v1/query", headers=headers, json=ask()).status_code == 200
        assert secured.client.get("/metrics", headers=headers).status_code == 200


@pytest.mark.parametrize("token", ["", "canary", "a" * 15, "a b" * 10, "密码" * 10, "a" * 20 + "\n"])
def test_a_weak_token_is_refused(token: str) -> None:
    """Shorter than 16 bytes, or what a header cannot carry; the message does not repeat it."""
    with pytest.raises(ConfigError) as caught:
        Border(Sensitive(token.encode()))
    assert not token or token not in caught.value.diagnostics()
    Border(Sensitive(b"a" * 16))


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8787", "127.0.0.1.evil.example", "", "[::2]", "0.0.0.0"]
)
def test_a_web_page_cannot_ask_under_its_own_name(local: Service, host: str) -> None:
    """A name that was pointed at loopback (DNS rebinding) still stands in the Host header."""
    response = local.client.post("/v1/query", headers={"host": host}, json=ask())
    assert (response.status_code, response.json()["error"]["code"]) == (421, "misdirected")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8787", "localhost", "LOCALHOST:1", "[::1]:8787"])
def test_programs_of_this_host_may_ask(local: Service, host: str) -> None:
    """Without a token, loopback by any of its names is enough."""
    assert local.client.post("/v1/query", headers={"host": host}, json=ask()).status_code == 200


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "multipart/json"]
)
def test_a_request_declares_its_json(local: Service, kind: str) -> None:
    """A form of a web page can send these without being asked first; JSON it cannot."""
    response = local.client.post("/v1/query", headers={"content-type": kind}, content=b"{}")
    assert (response.status_code, response.json()["error"]["code"]) == (415, "media-type")
    accepted = local.client.post("/v1/query", headers={"content-type": "Application/JSON; charset=utf-8"}, content=b"{")
    assert accepted.status_code == 400


def test_a_body_is_read_to_its_cap(local: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """One byte more than allowed is 413; the cap itself is read."""
    cap = len(b'{"text": ""}') + 1000
    monkeypatch.setattr(border, "MAX_BODY", cap)
    headers = {"content-type": "application/json"}
    whole = b'{"text": "' + b"x" * 1000 + b'"}'
    assert local.client.post("/v1/classify", headers=headers, content=whole).status_code == 200
    more = local.client.post("/v1/classify", headers=headers, content=whole + b" ")
    assert (more.status_code, more.json()["error"]["code"]) == (413, "too-large")


def test_a_body_that_does_not_come_is_not_waited_for(local: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends slowly holds a connection for a bounded time."""
    monkeypatch.setattr(border, "BODY_SECONDS", 0.05)
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        if sent:
            await asyncio.sleep(60)
        sent.append({})
        return {"type": "http.request", "body": b"{", "more_body": True}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/v1/query", "headers": headers, "query_string": b""}
    asyncio.run(local.client.app(scope, receive, send))  # type: ignore[arg-type] # an ASGI application
    assert sent[1]["status"] == 408


@pytest.mark.parametrize(
    ("host", "local_one"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True)]
    + [(host, False) for host in ("", "0.0.0.0", "::", "10.0.0.1", "example.org", "localhost.example.org", "127.1")],
)
def test_loopback_is_what_never_leaves_the_machine(host: str, local_one: bool) -> None:
    """Names other than `localhost` may resolve anywhere, so they are not loopback."""
    assert is_loopback(host) is local_one
