"""The server's side of TLS, and of client certificates."""

from __future__ import annotations

import ssl
from pathlib import Path

from guard.config import ServeSection
from guard.errors import ConfigError


def context(settings: ServeSection, root: Path) -> ssl.SSLContext | None:
    """The TLS context of the configured files, looked up from `root`; None where none are named.

    With `tls_client_ca`, only callers with a certificate of that authority are let in.

    Raises:
        ConfigError: a part is missing, or a file cannot be read or does not fit.
    """
    if not settings.tls_cert:
        if settings.tls_key or settings.tls_client_ca:
            raise ConfigError("`serve.tls_cert` is missing", help="name the server's certificate and its key")
        return None
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    key = root / settings.tls_key if settings.tls_key else None
    try:
        made.load_cert_chain(root / settings.tls_cert, key, password=_no_password)
        if settings.tls_client_ca:
            made.load_verify_locations(root / settings.tls_client_ca)
            made.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError, ValueError) as error:
        cause = getattr(error, "strerror", None) or getattr(error, "reason", None) or type(error).__name__
        raise ConfigError(
            f"the certificate files of `serve` cannot be used: {cause}",
            help="check `serve.tls_cert`, `serve.tls_key` and `serve.tls_client_ca`; keys have no passphrase",
        ) from None
    return made


def _no_password() -> str:
    """Instead of OpenSSL's question on the terminal."""
    return ""
