"""The transit engine: a real OpenBao server over TLS, and a server of ours that is slow, down, or talks nonsense."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from guard.anonymize.keyring_file import keyring_text
from guard.anonymize.keys import Keyring
from guard.anonymize.keys_envelope import open_keyring, reseal, seal_keyring
from guard.anonymize.kms.transit import TransitAddress, TransitKek
from guard.errors import ConfigError, KeyUnavailableError
from guard.model import Sensitive
from tests.servers.http import LoopbackServer
from tests.servers.openbao import OpenBao
from tests.servers.ports import free_port

SECRET = b"canary-secret-of-32-bytes-exactl"
TOKEN = b"canary-token-0123456789"
RING = Keyring({1: Sensitive(SECRET), 3: Sensitive(SECRET[::-1])})
FORMS = (SECRET.decode(), base64.b64encode(SECRET).decode(), SECRET.hex(), TOKEN.decode())


def real(server: OpenBao, **changes: Any) -> TransitAddress:
    """The address of the real server with the token of least right."""
    given = {"url": server.url, "token": lambda: Sensitive(server.token.encode()), "ca_file": str(server.ca_file)}
    return TransitAddress(**{**given, **changes})


def test_a_keyring_under_a_real_server(openbao: OpenBao) -> None:
    """It comes back whole, after a rotation of the key too, and the text has no secret in it."""
    kek = TransitKek("guard", real(openbao))
    sealed = seal_keyring(RING, kek)
    assert keyring_text(open_keyring(sealed, kek)).reveal() == keyring_text(RING).reveal()
    assert not any(form.encode() in sealed for form in FORMS)
    openbao.call("POST", "transit/keys/guard/rotate", {})
    again = reseal(sealed, kek, kek)
    wrapped = base64.urlsafe_b64decode(again.split(b"\n")[1].split(b" ")[1] + b"==")
    assert (
        wrapped.split(b":")[:2]
        != base64.urlsafe_b64decode(sealed.split(b"\n")[1].split(b" ")[1] + b"==").split(b":")[:2]
    )
    for text in (sealed, again):
        assert keyring_text(open_keyring(text, kek)).reveal() == keyring_text(RING).reveal()


def test_a_real_server_refuses_what_is_not_its_own(openbao: OpenBao) -> None:
    """Another context, a changed ciphertext, another key, a wrong token, another mount, unknown authorities."""
    kek = TransitKek("guard", real(openbao))
    wrapped = kek.wrap(Sensitive(SECRET), b"one")
    attempts: list[tuple[Callable[[], Any], str]] = [
        (lambda: kek.unwrap(wrapped, b"two"), "refuses the request"),
        (lambda: kek.unwrap(wrapped[:-6] + b"AAAAAA", b"one"), "refuses the request"),
        (lambda: kek.unwrap(wrapped[:30], b"one"), "refuses the request|is no ciphertext"),
        (lambda: kek.unwrap(b"nonsense", b"one"), "is no ciphertext of `transit:transit/guard`"),
        (lambda: TransitKek("other", real(openbao)).unwrap(wrapped, b"one"), "refuses the token"),
        (lambda: TransitKek("guard", real(openbao, mount="none")).wrap(Sensitive(SECRET), b""), "refuses the token"),
        (
            lambda: TransitKek("guard", real(openbao, token=lambda: Sensitive(TOKEN))).wrap(Sensitive(SECRET), b""),
            "refuses the token",
        ),
        (lambda: TransitKek("guard", real(openbao, ca_file="")).wrap(Sensitive(SECRET), b""), "cannot be reached"),
        (lambda: TransitKek("guard", real(openbao, ca_file="/none.pem")).wrap(Sensitive(SECRET), b""), "authorities"),
    ]
    for attempt, message in attempts:
        with pytest.raises(KeyUnavailableError, match=message):
            attempt()


class Odd(BaseHTTPRequestHandler):
    """Answers as the test says."""

    def do_POST(self) -> None:
        """One exchange."""
        self.rfile.read(int(self.headers["Content-Length"]))
        with contextlib.suppress(OSError):
            self.server.answer(self)  # type: ignore[attr-defined]

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextlib.contextmanager
def odd(answer: Callable[[Odd], None]) -> Iterator[TransitKek]:
    """A key behind a server that answers so."""
    with LoopbackServer(Odd) as server:
        server.answer = answer  # type: ignore[attr-defined]
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield TransitKek("guard", address(server.server_port))
        server.shutdown()
        thread.join()


def address(port: int) -> TransitAddress:
    """A server on loopback that is given three tenths of a second."""
    return TransitAddress(f"http://127.0.0.1:{port}", lambda: Sensitive(TOKEN), deadline=0.3)


def says(content: bytes, status: int = 200) -> Callable[[Odd], None]:
    """One answer."""

    def answer(request: Odd) -> None:
        request.send_response(status)
        request.send_header("Location", "http://127.0.0.1:1/")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    return answer


def drip(request: Odd) -> None:
    """A byte now and then, for ever: each is in time, all together are not."""
    request.send_response(200)
    request.end_headers()
    for _ in range(100):
        request.wfile.write(b" ")
        request.wfile.flush()
        time.sleep(0.1)


def data(**members: Any) -> bytes:
    """An answer of the transit engine."""
    return json.dumps({"data": members}).encode()


NONSENSE = [
    (says(b"<html>"), "answered with no JSON"),
    (says(b""), "answered with no JSON"),
    (says(b"[" * 100_000), "more than 65536 bytes"),
    (says(b"[" * 60_000), "answered with no JSON"),
    (says(b"[1]"), "without `ciphertext`"),
    (says(data(plaintext="x")), "without `ciphertext`"),
    (says(data(ciphertext=7)), "without `ciphertext`"),
    (says(data(ciphertext="vault:v0:AAAA")), "no ciphertext"),
    (says(data(ciphertext="vault:v1:AAAA\nroot")), "no ciphertext"),
    (says(data(ciphertext="vault:v1:" + "A" * 5000)), "no ciphertext"),
    (says(b" " * 70_000), "more than 65536 bytes"),
    (says(b"canary-answer", 500), "answered with status 500"),
    (says(b"", 307), "answered with status 307"),
    (says(b"", 503), "is sealed"),
    (says(b"", 404), "not mounted"),
    (drip, "within 300 ms|in time"),
]


@pytest.mark.parametrize(("answer", "message"), NONSENSE)
def test_an_odd_server_is_a_clear_error(answer: Callable[[Odd], None], message: str) -> None:
    """Slow, garbage, too large, redirecting, sealed: the error says so, and never what was sent or answered."""
    with odd(answer) as kek, pytest.raises(KeyUnavailableError, match=message) as caught:
        kek.wrap(Sensitive(SECRET), b"context")
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert caught.value.__context__ is None
    assert not any(form in shown for form in (*FORMS, "canary-answer"))


@pytest.mark.parametrize("content", [data(plaintext="!"), data(plaintext=None), data()])
def test_an_odd_plaintext_is_an_error(content: bytes) -> None:
    """What is not base64 opens nothing."""
    with odd(says(content)) as kek, pytest.raises(KeyUnavailableError, match=r"no plaintext|without `plaintext`"):
        kek.unwrap(b"vault:v1:AAAA", b"context")


def test_a_secret_of_another_length_is_no_keyring() -> None:
    """A server that answers with another secret cannot pass it off as a root."""
    sealed = b"guard-keyring 2 transit:transit/guard\n1 " + base64.urlsafe_b64encode(b"vault:v1:AAAAAAAA").rstrip(b"=")
    with (
        odd(says(data(plaintext=base64.b64encode(b"short").decode()))) as kek,
        pytest.raises(KeyUnavailableError, match="not 32 bytes"),
    ):
        open_keyring(sealed + b"\n", kek)


def test_a_server_that_is_down_is_a_clear_error() -> None:
    """Nobody listens: an error with its cure, no waiting, no secret, no cause that holds the request."""
    kek = TransitKek("guard", address(free_port()))
    with pytest.raises(KeyUnavailableError, match="cannot be reached") as caught:
        kek.wrap(Sensitive(SECRET), b"context")
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert caught.value.__context__ is None
    assert not any(form in shown for form in FORMS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"url": "http://bao.example.com:8200"}, "in the clear"),
        ({"url": "https://user:pw@bao.example.com"}, "scheme, host and port"),
        ({"url": "https://bao.example.com/path"}, "scheme, host and port"),
        ({"url": "ftp://127.0.0.1"}, "scheme, host and port"),
        ({"url": "https://[::1"}, "not a URL"),
        ({"mount": "../sys"}, "mount"),
        ({"namespace": "a b"}, "namespace"),
    ],
)
def test_an_address_that_is_none_dies_at_once(changes: dict[str, str], message: str) -> None:
    """Before anything is sent anywhere."""
    given: dict[str, Any] = {"url": "https://127.0.0.1:8200", "token": lambda: Sensitive(TOKEN), **changes}
    with pytest.raises(ConfigError, match=message):
        TransitAddress(**given)
    with pytest.raises(ConfigError, match="transit key"):
        TransitKek("../x", TransitAddress("https://127.0.0.1:8200", lambda: Sensitive(TOKEN)))


def test_a_token_that_no_header_can_carry_is_refused() -> None:
    """A line end in a token never reaches the wire."""
    kek = TransitKek("guard", TransitAddress("http://127.0.0.1:1", lambda: Sensitive(b"one\ntwo: 3")))
    with pytest.raises(KeyUnavailableError, match="is no token"):
        kek.wrap(Sensitive(SECRET), b"")
