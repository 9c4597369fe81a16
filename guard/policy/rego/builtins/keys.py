"""Keys and certificates out of PEM and JWK texts."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from guard.policy.rego.errors import BuiltinError

CURVES: dict[str, type[ec.EllipticCurve]] = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
_PEM = re.compile(r"\s*-----BEGIN ([A-Z0-9 ]+)-----[A-Za-z0-9+/=\s]+-----END \1-----\s*", re.ASCII)


def octets(text: Any) -> bytes:
    """The octets of a base64url field of a JWK."""
    if not isinstance(text, str):
        raise BuiltinError("a field of a JWK is missing")
    try:
        return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except ValueError as error:
        raise BuiltinError("a field of a JWK is not base64url") from error


def _number(text: Any) -> int:
    return int.from_bytes(octets(text), "big")


def public_keys(text: str) -> list[tuple[Any, str, str]]:
    """(key, its `alg`, its `kid`) of a PEM certificate or key, a JWK or a JWK set."""
    if "-----BEGIN" in text:
        return [(_pem_key(text), "", "")]
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BuiltinError("failed to parse a JWK key (set)") from error
    entries = found.get("keys") if isinstance(found, dict) and "keys" in found else [found]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BuiltinError("failed to parse a JWK key (set)")
    keys = [(public_from_jwk(entry), str(entry.get("alg", "")), str(entry.get("kid", ""))) for entry in entries]
    return [key for key in keys if key[0] is not None]


def _pem_key(text: str) -> Any:
    match = _PEM.match(text)
    if match is None:
        raise BuiltinError("failed to parse a PEM certificate")
    if text[match.end() :].strip():
        raise BuiltinError("extra data after a PEM certificate block")
    block = match.group().encode()
    try:
        if match[1] == "CERTIFICATE":
            return x509.load_pem_x509_certificate(block).public_key()
        if match[1].endswith("PUBLIC KEY"):
            return serialization.load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BuiltinError("failed to parse a PEM certificate") from error
    raise BuiltinError("failed to extract a Key from the PEM certificate")


def public_from_jwk(entry: dict[str, Any]) -> Any:
    """The public key of a JWK (RFC 7517); octets for a symmetric one, None for an unknown type."""
    try:
        match entry.get("kty"):
            case "RSA":
                return rsa.RSAPublicNumbers(_number(entry.get("e")), _number(entry.get("n"))).public_key()
            case "EC" if entry.get("crv") in CURVES:
                return ec.EllipticCurvePublicNumbers(
                    _number(entry.get("x")), _number(entry.get("y")), CURVES[entry["crv"]]()
                ).public_key()
            case "OKP" if entry.get("crv") == "Ed25519":
                return ed25519.Ed25519PublicKey.from_public_bytes(octets(entry.get("x")))
            case "oct":
                return octets(entry.get("k"))
            case _:
                raise BuiltinError("failed to parse a JWK key (set)")
    except ValueError as error:
        raise BuiltinError("failed to parse a JWK key (set)") from error


def private_from_jwk(entry: dict[str, Any]) -> Any:
    """The private key of a JWK; octets for a symmetric one."""
    try:
        match entry.get("kty"):
            case "RSA":
                public = rsa.RSAPublicNumbers(_number(entry.get("e")), _number(entry.get("n")))
                d, p, q = (_number(entry.get(name)) for name in ("d", "p", "q"))
                numbers = rsa.RSAPrivateNumbers(
                    p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public
                )
                return numbers.private_key()
            case "EC" if entry.get("crv") in CURVES:
                return ec.derive_private_key(_number(entry.get("d")), CURVES[entry["crv"]]())
            case "OKP" if entry.get("crv") == "Ed25519":
                return ed25519.Ed25519PrivateKey.from_private_bytes(octets(entry.get("d")))
            case "oct":
                return octets(entry.get("k"))
            case _:
                raise BuiltinError("failed to parse a JWK key")
    except (ValueError, ZeroDivisionError) as error:
        raise BuiltinError("failed to parse a JWK key") from error
