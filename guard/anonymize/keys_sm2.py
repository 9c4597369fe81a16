"""SM2 as key-encryption key: whoever has the public key can seal a keyring, only the private key opens it.

The key is a PEM text as OpenSSL and GmSSL write it, `BEGIN PRIVATE KEY` (PKCS #8, not encrypted) to seal and open or
`BEGIN PUBLIC KEY` to seal only. What is wrapped is SM3(context) and the secret, so that a wrapped secret opens in its
place alone. Like every public-key envelope it hides and does not prove who sealed.

The curve is GmSSL's, in C and in constant time, by the package gmssl-pyx (extra `guard[gm]`).

References: GB/T 32918.4-2016 (SM2 encryption), GB/T 35276-2017 (its encoding), RFC 5958, RFC 5480.
"""

from __future__ import annotations

import base64
import binascii
import re
from types import ModuleType

from guard.anonymize.crypto.sm3 import sm3
from guard.errors import KeyUnavailableError, UsageError
from guard.model import Sensitive

SM3_BYTES = 32
MAX_SECRET_BYTES = 255 - SM3_BYTES  # SM2 encryption in GmSSL takes 255 bytes
MAX_PEM_BYTES = 4096

_PEM = re.compile(rb"-----BEGIN (PRIVATE|PUBLIC) KEY-----\n([A-Za-z0-9+/=\n]+)\n-----END \1 KEY-----\n?")
# DER of these two structures has one spelling for a key of this curve, but for the key itself.
_PRIVATE = re.compile(
    re.escape(bytes.fromhex("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420"))
    + rb"(.{32})"
    + re.escape(bytes.fromhex("a14403420004"))
    + rb"(.{64})",
    re.DOTALL,
)
_PUBLIC = re.compile(
    re.escape(bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")) + rb"(.{64})", re.DOTALL
)
_MAKE_ONE = "make one with `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2`"


def is_pem(text: Sensitive[bytes]) -> bool:
    """True for a text that says it is PEM; a key of `LocalKek` never does."""
    return text.reveal().startswith(b"-----BEGIN ")


class Sm2Kek:
    """One SM2 key; its name is `sm2:` and a fingerprint of the public key."""

    __slots__ = ("_private", "_public", "name")

    def __init__(self, pem: Sensitive[bytes]) -> None:
        """
        Raises:
            KeyUnavailableError: not an SM2 key in PEM, or a private key that does not belong to its public key.
            UsageError: gmssl-pyx is not installed.
        """
        self._public, self._private = _parsed(pem)
        self.name = f"sm2:{sm3(self._public)[:8].hex()}"
        try:
            trial = self.wrap(Sensitive(bytes(SM3_BYTES)), b"")
        except KeyUnavailableError:
            raise KeyUnavailableError("a public key is no point of SM2's curve", help=_MAKE_ONE) from None
        if self._private is not None:
            try:
                self.unwrap(trial, b"")
            except KeyUnavailableError:
                msg = "the two halves of an SM2 key do not belong to each other"
                raise KeyUnavailableError(msg, help=_MAKE_ONE) from None

    def wrap(self, secret: Sensitive[bytes], context: bytes) -> bytes:
        """The SM2 ciphertext, C1 C3 C2 in DER.

        Raises:
            KeyUnavailableError: a secret that is too long.
        """
        gm = _gmssl()
        try:
            return bytes(gm.sm2_encrypt(self._public, sm3(context) + secret.reveal()))
        except gm.GmsslInnerError:
            msg = f"SM2 wraps a secret of 1 to {MAX_SECRET_BYTES} bytes under a key of its curve"
            raise KeyUnavailableError(msg, help=_MAKE_ONE) from None

    def unwrap(self, wrapped: bytes, context: bytes) -> Sensitive[bytes]:
        """The secret.

        Raises:
            KeyUnavailableError: another key, another context, a changed ciphertext, or only the public key is here.
        """
        if self._private is None:
            msg = f"`{self.name}` is a public key: it seals, and opens nothing"
            raise KeyUnavailableError(msg, help="name the file of the private key")
        gm = _gmssl()
        try:
            opened = Sensitive(bytes(gm.sm2_decrypt(self._private.reveal(), wrapped)))
        except gm.GmsslInnerError:
            opened = Sensitive(b"")
        if opened.reveal()[:SM3_BYTES] != sm3(context):
            msg = f"a wrapped key does not open under the key-encryption key `{self.name}`"
            raise KeyUnavailableError(msg, help="it was changed, or wrapped under another key: name that one")
        return Sensitive(opened.reveal()[SM3_BYTES:])

    def __repr__(self) -> str:
        return f"Sm2Kek({self.name!r})"


def _parsed(pem: Sensitive[bytes]) -> tuple[bytes, Sensitive[bytes] | None]:
    """The point of 64 bytes, and the private number of 32 where the text holds one."""
    text = _PEM.fullmatch(pem.reveal()[: MAX_PEM_BYTES + 1])
    if text:
        try:
            der = base64.b64decode(text[2].replace(b"\n", b""), validate=True)
        except binascii.Error:
            der = b""
        if text[1] == b"PUBLIC" and (public := _PUBLIC.fullmatch(der)):
            return public[1], None
        if text[1] == b"PRIVATE" and (both := _PRIVATE.fullmatch(der)):
            return both[2], Sensitive(both[1])
    raise KeyUnavailableError("a key-encryption key in PEM is no SM2 key", help=_MAKE_ONE)


def _gmssl() -> ModuleType:
    try:
        import gmssl_pyx
    except ImportError:
        raise UsageError("gmssl-pyx is not installed", help="install guard[gm]") from None
    module: ModuleType = gmssl_pyx
    return module
