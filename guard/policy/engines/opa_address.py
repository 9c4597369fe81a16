"""Where an OPA server is and how to speak to it safely."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import msgspec

from guard.errors import ConfigError
from guard.model import Sensitive

DEFAULT_PORT = 8181


class OpaAddress(msgspec.Struct, frozen=True):
    """Address and credentials; `parse` makes it from a URL.

    `ca_file` holds the authorities to trust instead of the system's, `client_cert` and `client_key` are for mutual TLS.
    """

    host: str
    port: int = DEFAULT_PORT
    tls: bool = False
    token: Sensitive[str] | None = None
    ca_file: str = ""
    client_cert: str = ""
    client_key: str = ""

    @classmethod
    def parse(
        cls,
        url: str,
        *,
        token: Sensitive[str] | None = None,
        ca_file: str = "",
        client_cert: str = "",
        client_key: str = "",
    ) -> OpaAddress:
        """The address in `http[s]://host[:port]`.

        Raises:
            ConfigError: there is more or less in the URL, or a token would travel in the clear.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or DEFAULT_PORT
        except ValueError:
            raise ConfigError("the URL of the OPA server is not a URL", help=_HELP) from None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError("the URL of the OPA server needs http or https and a host", help=_HELP)
        if "@" in parts.netloc or parts.path not in {"", "/"} or parts.query or parts.fragment:
            raise ConfigError("the URL of the OPA server has more than scheme, host and port", help=_HELP)
        tls = parts.scheme == "https"
        if not tls and (ca_file or client_cert):
            raise ConfigError("certificates are given for an OPA server without TLS", help="write https://")
        if token is not None and not tls and not _is_loopback(parts.hostname):
            message = f"the token for the OPA server at `{parts.hostname}` would travel in the clear"
            raise ConfigError(message, help="write https://, or reach the server over loopback")
        return cls(parts.hostname, port, tls, token, ca_file, client_cert, client_key)

    def __str__(self) -> str:
        """The URL without secrets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


_HELP = "write it as http://127.0.0.1:8181 or https://opa.example.com:8181; a token goes to its own setting"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
