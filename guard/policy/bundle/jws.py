"""Signed tokens (JWS compact form, RFC 7515) with the four algorithms that bundles are signed with.

The algorithm belongs to the key and never to the token: a token that names another one is refused, so that nobody can
pass a public key off as an HMAC secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from guard.errors import ConfigError, PolicyError
from guard.model import Sensitive

Algorithm: TypeAlias = Literal["HS256", "RS256", "ES256", "EdDSA"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
MIN_SECRET = 32  # bytes of an HMAC secret: RFC 7518, section 3.2
MIN_RSA_BITS = 2048
_WIDTH = 32  # bytes of r and of s on P-256
_BEGIN = b"-----BEGIN "


class SigningKey:
    """What makes signatures: a PEM private key, or an HMAC secret.

    Raises:
        ConfigError: the key is not one for `algorithm`, or too weak.
    """

    def __init__(self, material: Sensitive[bytes], algorithm: Algorithm, *, keyid: str = "default") -> None:
        self.algorithm: Algorithm = algorithm
        self.keyid = keyid
        self._key: Any = (
            _secret(material.reveal())
            if algorithm == "HS256"
            else _checked(_load(material.reveal(), private=True), algorithm, private=True)
        )

    def sign(self, payload: bytes) -> str:
        """The token over `payload`."""
        header = json.dumps({"alg": self.algorithm, "kid": self.keyid, "typ": "JWT"}, separators=(",", ":"))
        signed = f"{_encode(header.encode())}.{_encode(payload)}".encode()
        return f"{signed.decode()}.{_encode(self._raw(signed))}"

    def _raw(self, signed: bytes) -> bytes:
        if self.algorithm == "HS256":
            return hmac.digest(self._key, signed, hashlib.sha256)
        if self.algorithm == "RS256":
            return bytes(self._key.sign(signed, padding.PKCS1v15(), hashes.SHA256()))
        if self.algorithm == "ES256":
            r, s = decode_dss_signature(self._key.sign(signed, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(_WIDTH, "big") + s.to_bytes(_WIDTH, "big")
        return bytes(self._key.sign(signed))


class VerificationKey:
    """What checks signatures: a PEM public key, or an HMAC secret.

    Raises:
        ConfigError: the key is not one for `algorithm`, or too weak.
    """

    def __init__(self, material: Sensitive[bytes], algorithm: Algorithm, *, scope: str = "") -> None:
        self.algorithm: Algorithm = algorithm
        self.scope = scope
        self._key: Any = (
            _secret(material.reveal())
            if algorithm == "HS256"
            else _checked(_load(material.reveal(), private=False), algorithm, private=False)
        )

    def open(self, token: str) -> bytes:
        """The payload of a token whose signature is right.

        Raises:
            PolicyError: it is not.
        """
        parts = token.split(".")
        if len(parts) != 3:
            raise _wrong("the signature is no signed token")
        try:
            header, payload, signature = (_decode(part) for part in parts)
            named = json.loads(header)
        except (ValueError, RecursionError):
            raise _wrong("the signature is no signed token") from None
        if not isinstance(named, dict) or named.get("alg") != self.algorithm or "crit" in named:
            raise _wrong(f"the signature is not made with {self.algorithm}")
        if not self._is_right(".".join(parts[:2]).encode(), signature):
            raise _wrong("the signature does not fit the key")
        return payload

    def _is_right(self, signed: bytes, signature: bytes) -> bool:
        if self.algorithm == "HS256":
            return hmac.compare_digest(hmac.digest(self._key, signed, hashlib.sha256), signature)
        try:
            if self.algorithm == "RS256":
                self._key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
            elif self.algorithm == "ES256":
                if len(signature) != 2 * _WIDTH:
                    return False
                r, s = (int.from_bytes(half, "big") for half in (signature[:_WIDTH], signature[_WIDTH:]))
                self._key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
            else:
                self._key.verify(signature, signed)
        except InvalidSignature:
            return False
        return True


def read_key(reference: str) -> Sensitive[bytes]:
    """The key that a command line names: the path of a PEM file, or of a file that holds an HMAC secret.

    Raises:
        ConfigError: the file cannot be read.
    """
    try:
        with Path(reference).open("rb") as file:
            return Sensitive(file.read(1 << 16).strip())
    except OSError as error:
        raise ConfigError(
            f"the key file `{reference}` cannot be read: {(error.strerror or 'unknown cause').lower()}",
            help="name a PEM file, or for HS256 a file with the secret",
        ) from None


def _secret(material: bytes) -> bytes:
    if material.startswith(_BEGIN):
        raise ConfigError("a PEM key is given for HS256", help="name the algorithm of the key: RS256, ES256 or EdDSA")
    if len(material) < MIN_SECRET:
        raise ConfigError(f"the HS256 secret is shorter than {MIN_SECRET} bytes", help="make a longer one")
    return material


def _load(material: bytes, *, private: bool) -> Any:
    try:
        if private:
            return serialization.load_pem_private_key(material, password=None)
        if material.startswith(b"-----BEGIN CERTIFICATE"):
            from cryptography import x509

            return x509.load_pem_x509_certificate(material).public_key()
        return serialization.load_pem_public_key(material)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        which = "private" if private else "public"
        raise ConfigError(
            f"the {which} key of the bundle is not a PEM {which} key", help="export it as PEM without a password"
        ) from None


_KINDS: dict[Algorithm, tuple[Any, Any]] = {
    "RS256": (rsa.RSAPrivateKey, rsa.RSAPublicKey),
    "ES256": (ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey),
    "EdDSA": (ed25519.Ed25519PrivateKey, ed25519.Ed25519PublicKey),
}


def _checked(key: Any, algorithm: Algorithm, *, private: bool) -> Any:
    kind = _KINDS[algorithm][0 if private else 1]
    if not isinstance(key, kind) or (algorithm == "ES256" and not isinstance(key.curve, ec.SECP256R1)):
        raise ConfigError(f"the key of the bundle is not one for {algorithm}", help="name the algorithm of the key")
    if algorithm == "RS256" and key.key_size < MIN_RSA_BITS:
        raise ConfigError(f"the RSA key has fewer than {MIN_RSA_BITS} bits", help="make a longer one")
    return key


def _wrong(problem: str) -> PolicyError:
    return PolicyError(problem, help="get the bundle from its maker again, and check the key and its algorithm")


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError from error
