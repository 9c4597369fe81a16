"""io.jwt.*: JSON Web Tokens (RFC 7515, 7518, 7519)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from guard.policy.rego.builtins.encoding import base64url_octets, octets_of, read_json
from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import BuiltinError
from guard.policy.rego.runtime import Run
from guard.policy.rego.text import json_text
from guard.policy.rego.values import NUMBERS, Value

DIGESTS: Final = {"256": "sha256", "384": "sha384", "512": "sha512"}
CURVE_OCTETS: Final = {"256": 32, "384": 48, "512": 66}
MAX_NESTING: Final = 8
MAX_TOKEN: Final = 1 << 20


def sections(token: str) -> tuple[str, str, str]:
    """The three sections of a compact token."""
    parts = token.split(".")
    if len(parts) == 1:
        raise BuiltinError("encoded JWT had no period separators")
    if len(parts) != 3 or len(token) > MAX_TOKEN:
        raise BuiltinError(f"encoded JWT must have 3 sections, found {len(parts)}")
    return parts[0], parts[1], parts[2]


def _octets(part: str, what: str) -> bytes:
    try:
        return base64url_octets(part)
    except BuiltinError as error:
        raise BuiltinError(f"JWT {what} had invalid encoding") from error


def _object(part: str, what: str) -> dict[Any, Value]:
    try:
        found = read_json(_octets(part, what).decode())
    except UnicodeDecodeError as error:
        raise BuiltinError(f"JWT {what} had invalid encoding") from error
    if type(found) is not dict:
        raise BuiltinError(f"JWT {what} is not a JSON object")
    return found


def _unwrapped(token: str) -> tuple[dict[Any, Value], str, str, str]:
    """Header, its section, payload section and signature of the innermost token."""
    for _ in range(MAX_NESTING):
        head, payload, signature = sections(token)
        header = _object(head, "header")
        if str(header.get("cty", "")).upper() != "JWT":
            return header, head, payload, signature
        inner = _octets(payload, "payload").decode("utf-8", "replace").strip('"')
        token = inner
    raise BuiltinError("a JWT is nested too deeply")


@builtin("io.jwt.decode", "string")
def decode(token: str) -> list[Value]:
    """[header, payload, signature in hexadecimal], without verifying anything."""
    header, _, payload, signature = _unwrapped(token)
    return [header, _object(payload, "payload"), _octets(signature, "signature").hex()]


def verify(algorithm: str, key: Any, signed: bytes, signature: bytes) -> bool:
    """True when the signature is right."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

    family, size = (algorithm[:2], algorithm[2:]) if algorithm != "EdDSA" else ("Ed", "")
    try:
        if family == "HS":
            return isinstance(key, bytes) and hmac.compare_digest(
                hmac.new(key, signed, DIGESTS[size]).digest(), signature
            )
        if family == "Ed":
            if not isinstance(key, ed25519.Ed25519PublicKey):
                return False
            key.verify(signature, signed)
            return True
        digest = _digest(size)
        if family in {"RS", "PS"} and isinstance(key, rsa.RSAPublicKey):
            scheme: Any = padding.PKCS1v15() if family == "RS" else padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
            key.verify(signature, signed, scheme, digest)
            return True
        if family == "ES" and isinstance(key, ec.EllipticCurvePublicKey):
            half = CURVE_OCTETS[size]
            if len(signature) != 2 * half or (key.curve.key_size + 7) // 8 != half:
                return False
            pair = utils.encode_dss_signature(
                int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
            )
            key.verify(pair, signed, ec.ECDSA(digest))
            return True
    except (InvalidSignature, ValueError):
        return False
    return False


def _digest(size: str) -> Any:
    from cryptography.hazmat.primitives import hashes

    return {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}[size]


ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


def _verifier(algorithm: str) -> Callable[[str, str], bool]:
    def verify_token(token: str, certificate: str) -> bool:
        from guard.policy.rego.builtins.keys import public_keys

        head, payload, signature = sections(token)
        header = _object(head, "header")
        found = public_keys(certificate)
        octets = _octets(signature, "signature")
        wanted = header.get("kid")
        if type(wanted) is str and len(found) > 1:
            found = [key for key in found if key[2] == wanted] or found
        return any(verify(algorithm, key, f"{head}.{payload}".encode(), octets) for key, _, _ in found)

    return verify_token


(
    verify_rs256,
    verify_rs384,
    verify_rs512,
    verify_ps256,
    verify_ps384,
    verify_ps512,
    verify_es256,
    verify_es384,
    verify_es512,
    verify_eddsa,
) = (
    builtin(f"io.jwt.verify_{algorithm.lower()}", "string", "string")(_verifier(algorithm)) for algorithm in ALGORITHMS
)


def _secret_verifier(algorithm: str) -> Callable[[str, str], bool]:
    def verify_token(token: str, secret: str) -> bool:
        head, payload, signature = sections(token)
        _object(head, "header")
        return verify(algorithm, octets_of(secret), f"{head}.{payload}".encode(), _octets(signature, "signature"))

    return verify_token


verify_hs256, verify_hs384, verify_hs512 = (
    builtin(f"io.jwt.verify_{algorithm.lower()}", "string", "string")(_secret_verifier(algorithm))
    for algorithm in ("HS256", "HS384", "HS512")
)


@builtin("io.jwt.decode_verify", "string", "object", needs_run=True)
def decode_verify(run: Run, token: str, constraints: dict[Any, Value]) -> list[Value]:
    """[true, header, payload] for a token that is signed right and meets the constraints; else [false, {}, {}]."""
    wrong: list[Value] = [False, {}, {}]
    keys = _constraint_keys(constraints)
    for _ in range(MAX_NESTING):
        head, payload, signature = sections(token)
        header = _object(head, "header")
        if not _signed(header, keys, constraints, f"{head}.{payload}".encode(), _octets(signature, "signature")):
            return wrong
        if str(header.get("cty", "")).upper() != "JWT":
            break
        token = _octets(payload, "payload").decode("utf-8", "replace").strip('"')
    else:
        raise BuiltinError("a JWT is nested too deeply")
    claims = _object(payload, "payload")
    return [True, header, claims] if _meets(run, claims, constraints) else wrong


def _constraint_keys(constraints: dict[Any, Value]) -> list[tuple[Any, str, str]]:
    from guard.policy.rego.builtins.keys import public_keys

    known = {"alg", "aud", "cert", "iss", "secret", "time"}
    for name, value in constraints.items():
        if name not in known:
            raise BuiltinError("unknown token validation constraint")
        if name != "time" and type(value) is not str:
            raise BuiltinError(f"token constraint `{name}` must be a string")
    if ("cert" in constraints) == ("secret" in constraints):
        raise BuiltinError("token constraints must hold either `cert` or `secret`")
    if "secret" in constraints:
        return [(octets_of(constraints["secret"]), "", "")]
    return public_keys(constraints["cert"])


def _signed(
    header: dict[Any, Value],
    keys: list[tuple[Any, str, str]],
    constraints: dict[Any, Value],
    signed: bytes,
    signature: bytes,
) -> bool:
    algorithm = header.get("alg")
    if algorithm not in (*ALGORITHMS, "HS256", "HS384", "HS512") or constraints.get("alg", algorithm) != algorithm:
        return False
    if (algorithm[:2] == "HS") != ("secret" in constraints):
        return False
    wanted = header.get("kid")
    if type(wanted) is str and len(keys) > 1:
        keys = [key for key in keys if key[2] == wanted] or keys
    return any(verify(algorithm, key, signed, signature) for key, own, _ in keys if own in {"", algorithm})


def _meets(run: Run, claims: dict[Any, Value], constraints: dict[Any, Value]) -> bool:
    if "iss" in constraints and claims.get("iss") != constraints["iss"]:
        return False
    if not _audience(claims, constraints.get("aud")):
        return False
    for name in ("exp", "nbf"):
        if name in claims and type(claims[name]) not in NUMBERS:
            raise BuiltinError(f"{name} value must be a number")
    if "exp" not in claims and "nbf" not in claims:
        return True
    now = constraints.get("time", run.now_ns)
    if type(now) not in NUMBERS:
        raise BuiltinError("`io.jwt.decode_verify`: the caller gave no clock")
    if "exp" in claims and _exact(now) >= _exact(claims["exp"]) * 1_000_000_000:
        return False
    return not ("nbf" in claims and _exact(now) < _exact(claims["nbf"]) * 1_000_000_000)


def _exact(number: Value) -> Fraction:
    return Fraction(Decimal(repr(number))) if type(number) is float else Fraction(number)


def _audience(claims: dict[Any, Value], wanted: Value) -> bool:
    if "aud" not in claims:
        return wanted is None
    found = claims["aud"]
    if wanted is None:
        return False
    return wanted in found if type(found) is list else bool(found == wanted)


@builtin("io.jwt.encode_sign", "object", "object", "object", needs_run=True)
def encode_sign(run: Run, header: Value, payload: Value, key: Value) -> str:
    """A signed token of JSON values."""
    return _sign(run, json_text(header), json_text(payload), json_text(key))


@builtin("io.jwt.encode_sign_raw", "string", "string", "string", needs_run=True)
def encode_sign_raw(run: Run, header: str, payload: str, key: str) -> str:
    """A signed token of JSON texts, taken as they are."""
    return _sign(run, header, payload, key)


def _encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _sign(run: Run, header: str, payload: str, key: str) -> str:
    from guard.policy.rego.builtins.keys import private_from_jwk

    try:
        entry, parsed = json.loads(key), json.loads(header)
    except ValueError as error:
        raise BuiltinError("missing or invalid 'alg' header") from error
    if not isinstance(parsed, dict) or not isinstance(entry, dict) or not isinstance(parsed.get("alg"), str):
        raise BuiltinError("missing or invalid 'alg' header")
    if parsed.get("typ", "JWT") in {"", "JWT"} and not _is_json(payload):
        raise BuiltinError("type is JWT but payload is not JSON")
    signed = f"{_encoded(octets_of(header))}.{_encoded(octets_of(payload))}"
    return f"{signed}.{_encoded(_signature(run, parsed['alg'], private_from_jwk(entry), signed.encode()))}"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _signature(run: Run, algorithm: str, key: Any, signed: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

    family, size = algorithm[:2], algorithm[2:]
    if family == "HS" and size in DIGESTS and isinstance(key, bytes):
        return hmac.new(key, signed, DIGESTS[size]).digest()
    if algorithm == "EdDSA" and isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(signed)
    if size not in DIGESTS:
        raise BuiltinError("unknown signature algorithm")
    digest = _digest(size)
    if family == "RS" and isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signed, padding.PKCS1v15(), digest)
    if run.entropy is None:
        raise BuiltinError(f"`io.jwt.encode_sign`: `{family}` signatures are random and the caller gave no randomness")
    if family == "PS" and isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signed, padding.PSS(padding.MGF1(digest), hashlib.new(DIGESTS[size]).digest_size), digest)
    if family == "ES" and isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = utils.decode_dss_signature(key.sign(signed, ec.ECDSA(digest)))
        return r.to_bytes(CURVE_OCTETS[size], "big") + s.to_bytes(CURVE_OCTETS[size], "big")
    raise BuiltinError("unknown signature algorithm or key of another kind")
