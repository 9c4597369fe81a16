"""The transit engine of OpenBao and Vault as key-encryption key: root secrets are wrapped there, its key never leaves.

`POST /v1/<mount>/encrypt/<key>` and `/decrypt/<key>` with `associated_data`, which binds a wrapped secret to its place
in the keyring; the key must be of an AEAD type (`aes256-gcm96`, the default, or `chacha20-poly1305`). The token needs
the right to update these two paths and nothing else.

References: https://openbao.org/api-docs/secret/transit/ (encrypt data, decrypt data).
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from typing import Any, NoReturn
from urllib.parse import urlsplit

import msgspec

from guard.anonymize.kms.exchange import exchange
from guard.errors import ConfigError, KeyUnavailableError
from guard.model import Sensitive

DEADLINE = 2.0  # seconds of one exchange, as a whole
MAX_WRAPPED = 4096  # bytes
MAX_TOKEN = 4096  # bytes

_CIPHERTEXT = re.compile(r"vault:v[1-9][0-9]{0,8}:[A-Za-z0-9+/]+={0,2}")
_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,47}")
_MOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,31}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,31})?")
_TOKEN = re.compile(rb"[\x21-\x7e]{1,4096}")
_NAMESPACE = re.compile(r"[A-Za-z0-9._/-]{0,128}")

_REASONS = {
    400: "refuses the request: another key, another keyring, or a changed ciphertext",
    403: "refuses the token",
    404: "knows no such path: the transit engine is not mounted there",
    429: "is over its limits",
    503: "is sealed",
}
_CURES = {
    400: "name the key that wrapped the keyring by `keys.kek`",
    403: "give a token with the right to update `encrypt` and `decrypt` of this key by `keys.transit_token`",
    404: "enable the transit engine, or name its mount by `keys.transit_mount`",
    503: "unseal it",
}


class TransitAddress(msgspec.Struct, frozen=True):
    """Where the service is and how to speak to it safely; `token` is asked for each exchange, so it may be renewed."""

    url: str
    token: Callable[[], Sensitive[bytes]]
    mount: str = "transit"
    namespace: str = ""
    ca_file: str = ""
    deadline: float = DEADLINE

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            port_is_fine = parts.port is None or parts.port > 0
        except ValueError:
            raise ConfigError("`keys.transit_url` is not a URL", help=_URL_HELP) from None
        extra = "@" in parts.netloc or parts.path not in {"", "/"} or parts.query or parts.fragment
        if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_fine or extra:
            raise ConfigError("`keys.transit_url` is not scheme, host and port alone", help=_URL_HELP)
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise ConfigError("`keys.transit_url` would carry secrets in the clear", help="write https://")
        if not _MOUNT.fullmatch(self.mount) or not _NAMESPACE.fullmatch(self.namespace):
            raise ConfigError("the mount or the namespace of the transit engine is not a path", help="write `transit`")


class TransitKek:
    """One key of a transit engine."""

    __slots__ = ("_address", "_key", "name")

    def __init__(self, key: str, address: TransitAddress) -> None:
        if not _KEY.fullmatch(key):
            raise ConfigError("the name of a transit key has letters, digits and `._-`", help="write `transit:guard`")
        self._key, self._address = key, address
        self.name = f"transit:{address.mount}/{key}"

    def wrap(self, secret: Sensitive[bytes], context: bytes) -> bytes:
        """The ciphertext as the service writes it, `vault:v<version>:<base64>`.

        Raises:
            KeyUnavailableError: the service refuses, does not answer in time, or answers with something else.
        """
        body = Sensitive({"plaintext": _text(secret.reveal()), "associated_data": _text(context)})
        found = self._ask("encrypt", body, "ciphertext").reveal()
        if not _CIPHERTEXT.fullmatch(found) or len(found) > MAX_WRAPPED:
            self._fail("answered with no ciphertext", "see that `keys.transit_url` leads to a transit engine")
        return found.encode()

    def unwrap(self, wrapped: bytes, context: bytes) -> Sensitive[bytes]:
        """The secret.

        Raises:
            KeyUnavailableError: as `wrap`; or another key, another context, a changed ciphertext.
        """
        shown = wrapped.decode("ascii", "replace")
        if not _CIPHERTEXT.fullmatch(shown) or len(wrapped) > MAX_WRAPPED:
            msg = f"a wrapped key is no ciphertext of `{self.name}`"
            raise KeyUnavailableError(msg, help="name the key-encryption key that wrapped it")
        body = Sensitive({"ciphertext": shown, "associated_data": _text(context)})
        secret = _bytes(self._ask("decrypt", body, "plaintext"))
        if secret is None:
            self._fail("answered with no plaintext", "see that `keys.transit_url` leads to a transit engine")
        return secret

    def __repr__(self) -> str:
        return f"TransitKek({self.name!r})"

    def _ask(self, act: str, body: Sensitive[dict[str, str]], member: str) -> Sensitive[str]:
        where = self._address
        answer = exchange(
            f"{where.url.rstrip('/')}/v1/{where.mount}/{act}/{self._key}",
            body,
            _headers(where),
            ca_file=where.ca_file,
            deadline=where.deadline,
        )
        if answer.status != 200:
            reason = _REASONS.get(answer.status, f"answered with status {answer.status}")
            self._fail(reason, _CURES.get(answer.status, "see its log"))
        found = _member(answer.content, member)
        if found is None:
            self._fail(f"answered without `{member}`", "see that `keys.transit_url` leads to a transit engine")
        return found

    def _fail(self, reason: str, cure: str) -> NoReturn:
        raise KeyUnavailableError(f"the key management service of `{self.name}` {reason}", help=cure)


_URL_HELP = "write it as https://bao.example.com:8200; a token goes to `keys.transit_token`"


def _headers(where: TransitAddress) -> Sensitive[dict[str, str]]:
    token = Sensitive(where.token().reveal().strip())
    if not _TOKEN.fullmatch(token.reveal()):
        raise KeyUnavailableError("the token of the key management service is no token", help="see keys.transit_token")
    headers = Sensitive({"X-Vault-Token": token.reveal().decode(), "X-Vault-Request": "true"})
    if where.namespace:
        headers.reveal()["X-Vault-Namespace"] = where.namespace
    return headers


def _member(content: Any, name: str) -> Sensitive[str] | None:
    data = content.get("data") if isinstance(content, dict) else None
    found = data.get(name) if isinstance(data, dict) else None
    return Sensitive(found) if isinstance(found, str) else None


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: Sensitive[str]) -> Sensitive[bytes] | None:
    try:
        return Sensitive(base64.b64decode(text.reveal(), validate=True))
    except (binascii.Error, ValueError):
        return None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
