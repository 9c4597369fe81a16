"""Who may enter, and what is read of a request before a route sees it."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress

import anyio
from starlette.requests import Request

from guard.errors import ConfigError
from guard.model import Sensitive
from guard.sidecar.refusals import MediaTypeError, MisdirectedError, TooLargeError, TooSlowError, UnauthorizedError

MAX_BODY = 8 << 20  # bytes of one request
BODY_SECONDS = 30.0  # for the whole body to arrive
MIN_TOKEN = 16  # bytes


class Border:
    """Checks callers.

    Args:
        token: what callers present as `Authorization: Bearer ...`; None where nothing is asked of them.
        authenticated: callers are known by client certificates instead, or as well.

    Raises:
        ConfigError: the token is too short, or holds what a header cannot carry.
    """

    def __init__(self, token: Sensitive[bytes] | None = None, *, authenticated: bool = False) -> None:
        if token is not None:
            _check(token)
        self._digest = _digest(token.reveal()) if token is not None else None
        # Without authentication whoever reaches loopback may ask: programs of this host may, web pages may not.
        self._local_only = token is None and not authenticated

    @property
    def authenticates(self) -> bool:
        """True when whoever enters is known by a token or a certificate."""
        return not self._local_only

    def admit(self, request: Request) -> None:
        """Returns when the caller may ask.

        Raises:
            UnauthorizedError, MisdirectedError, MediaTypeError: it may not.
        """
        if self._digest is not None and not hmac.compare_digest(_digest(_bearer(request)), self._digest):
            raise UnauthorizedError("the token is missing or wrong", help="send `Authorization: Bearer <token>`")
        if self._local_only and not is_loopback(_host(request)):
            raise MisdirectedError("the request names another host", help="ask for 127.0.0.1, or configure a token")
        if request.method == "POST":
            kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":
                raise MediaTypeError("the request is not JSON", help="send `Content-Type: application/json`")


async def read_body(request: Request) -> bytes:
    """The request's body, refused as soon as it is larger or slower than allowed.

    Raises:
        TooLargeError, TooSlowError: it is.
    """
    content = bytearray()
    try:
        with anyio.fail_after(BODY_SECONDS):
            async for chunk in request.stream():
                content += chunk
                if len(content) > MAX_BODY:
                    raise TooLargeError(f"the request is larger than {MAX_BODY} bytes", help="send less at a time")
    except TimeoutError:
        raise TooSlowError(f"the request took longer than {BODY_SECONDS:g} s", help="send it at once") from None
    return bytes(content)


def is_loopback(host: str) -> bool:
    """True for `localhost` and addresses that never leave the machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check(token: Sensitive[bytes]) -> None:
    value = token.reveal()
    if len(value) < MIN_TOKEN:
        raise ConfigError(
            f"the token of `serve.token` is shorter than {MIN_TOKEN} bytes",
            help="make one with `python -c 'import secrets; print(secrets.token_urlsafe(32))'`",
        )
    if not all(0x21 <= byte <= 0x7E for byte in value):
        raise ConfigError(
            "the token of `serve.token` holds a space or a character that is not ASCII",
            help="use letters, digits and punctuation, as RFC 6750 does",
        )


def _bearer(request: Request) -> bytes:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return given.strip().encode("latin-1") if scheme.lower() == "bearer" else b""


def _digest(token: bytes) -> bytes:
    """Equal lengths, so that comparing tells nothing of the token's length."""
    return hashlib.sha256(token).digest()


def _host(request: Request) -> str:
    """The name in the Host header, without port and brackets."""
    host = request.headers.get("host", "")
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
