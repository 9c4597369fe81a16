"""crypto.x509.* and crypto.parse_private_keys: certificates as Go's `x509.Certificate` names their parts.

Of Go's fields the ones that say who, for what, until when and with which key are given; the raw octets are base64 as
in Go's JSON. Reference: package crypto/x509 of the Go library.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import BuiltinError
from guard.policy.rego.runtime import Run
from guard.policy.rego.values import Value

MAX_CERTIFICATES: Final = 100
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL | re.ASCII)
_NAMES: Final = {
    "2.5.4.6": "Country",
    "2.5.4.10": "Organization",
    "2.5.4.11": "OrganizationalUnit",
    "2.5.4.7": "Locality",
    "2.5.4.8": "Province",
    "2.5.4.9": "StreetAddress",
    "2.5.4.17": "PostalCode",
}
_SINGLE: Final = {"2.5.4.5": "SerialNumber", "2.5.4.3": "CommonName"}


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _blocks(name: str, text: str, kind: str) -> list[bytes]:
    """The DER of PEM blocks, plain or in base64, or of base64 DER."""
    if "-----BEGIN" not in text:
        try:
            octets = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise BuiltinError(f"`{name}`: the text is neither PEM nor base64") from error
        if not octets.startswith(b"-----BEGIN"):
            return _concatenated(octets)
        text = octets.decode("ascii", "replace")
    found: list[bytes] = []
    for block in _BLOCK.finditer(text):
        if kind not in block[1]:
            raise BuiltinError(f"`{name}`: a PEM block is no {kind.lower()}")
        try:
            found.append(base64.b64decode("".join(block[2].split()), validate=True))
        except (binascii.Error, ValueError) as error:
            raise BuiltinError(f"`{name}`: a PEM block is damaged") from error
    return found


def _concatenated(octets: bytes) -> list[bytes]:
    """DER structures one after another."""
    found: list[bytes] = []
    while octets and len(found) < MAX_CERTIFICATES:
        size = _der_size(octets)
        found.append(octets[:size])
        octets = octets[size:]
    return found


def _der_size(octets: bytes) -> int:
    if len(octets) < 2 or octets[0] != 0x30:
        return len(octets)
    if octets[1] < 0x80:
        return 2 + octets[1]
    count = octets[1] & 0x7F
    return 2 + count + int.from_bytes(octets[2 : 2 + count], "big") if 1 <= count <= 4 else len(octets)


def _certificates(name: str, text: str) -> list[Any]:
    from cryptography import x509

    blocks = _blocks(name, text, "CERTIFICATE")
    if not 1 <= len(blocks) <= MAX_CERTIFICATES:
        raise BuiltinError(f"`{name}`: no certificates, or too many")
    try:
        return [x509.load_der_x509_certificate(block) for block in blocks]
    except ValueError as error:
        raise BuiltinError(f"`{name}`: malformed certificate") from error


def _name(name: Any) -> dict[str, Value]:
    found: dict[str, Value] = dict.fromkeys(_NAMES.values()) | {"SerialNumber": "", "CommonName": ""}
    names = []
    for attribute in name:
        oid = attribute.oid.dotted_string
        names.append({"Type": [int(part) for part in oid.split(".")], "Value": str(attribute.value)})
        if oid in _SINGLE:
            found[_SINGLE[oid]] = str(attribute.value)
        elif oid in _NAMES:
            found[_NAMES[oid]] = [*(found[_NAMES[oid]] or []), str(attribute.value)]
    return {**found, "Names": names or None, "ExtraNames": None}


def _alternatives(certificate: Any) -> dict[str, Value]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return {"DNSNames": None, "EmailAddresses": None, "IPAddresses": None, "URIStrings": None}
    return {
        "DNSNames": names.get_values_for_type(x509.DNSName) or None,
        "EmailAddresses": names.get_values_for_type(x509.RFC822Name) or None,
        "IPAddresses": [str(address) for address in names.get_values_for_type(x509.IPAddress)] or None,
        "URIStrings": names.get_values_for_type(x509.UniformResourceIdentifier) or None,
    }


def _key_algorithm(key: Any) -> str:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

    kinds = {
        rsa.RSAPublicKey: "RSA",
        ec.EllipticCurvePublicKey: "ECDSA",
        ed25519.Ed25519PublicKey: "Ed25519",
        dsa.DSAPublicKey: "DSA",
    }
    return next((name for kind, name in kinds.items() if isinstance(key, kind)), "unknown")


def _is_authority(certificate: Any) -> bool:
    from cryptography import x509

    try:
        return bool(certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca)
    except (x509.ExtensionNotFound, ValueError):
        return False


def _shown(certificate: Any) -> dict[str, Value]:
    from cryptography.hazmat.primitives.serialization import Encoding

    return {
        "Raw": _text(certificate.public_bytes(Encoding.DER)),
        "RawSubject": _text(certificate.subject.public_bytes()),
        "RawIssuer": _text(certificate.issuer.public_bytes()),
        "Signature": _text(certificate.signature),
        "Version": certificate.version.value + 1,
        "SerialNumber": certificate.serial_number,
        "Subject": _name(certificate.subject),
        "Issuer": _name(certificate.issuer),
        "NotBefore": _moment(certificate.not_valid_before_utc),
        "NotAfter": _moment(certificate.not_valid_after_utc),
        "IsCA": _is_authority(certificate),
        "PublicKeyAlgorithm": _key_algorithm(certificate.public_key()),
        **_alternatives(certificate),
    }


def _moment(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


@builtin("crypto.x509.parse_certificates", "string")
def parse_certificates(text: str) -> list[Value]:
    """The certificates of PEM or DER."""
    return [_shown(certificate) for certificate in _certificates("crypto.x509.parse_certificates", text)]


@builtin("crypto.x509.parse_certificate_request", "string")
def parse_certificate_request(text: str) -> Value:
    """A certificate signing request."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    name = "crypto.x509.parse_certificate_request"
    try:
        request = x509.load_der_x509_csr(_blocks(name, text, "CERTIFICATE REQUEST")[0])
    except (ValueError, IndexError) as error:
        raise BuiltinError(f"`{name}`: malformed request") from error
    return {
        "Raw": _text(request.public_bytes(Encoding.DER)),
        "Signature": _text(request.signature),
        "Subject": _name(request.subject),
        "PublicKeyAlgorithm": _key_algorithm(request.public_key()),
        **_alternatives(request),
    }


@builtin("crypto.x509.parse_and_verify_certificates", "string", needs_run=True)
def parse_and_verify_certificates(run: Run, text: str) -> list[Value]:
    """[true, the chain from the leaf on] when each certificate (root first) signed the next; else [false, []]."""
    return _verified(run, _certificates("crypto.x509.parse_and_verify_certificates", text), {})


@builtin("crypto.x509.parse_and_verify_certificates_with_options", "string", "object", needs_run=True)
def parse_and_verify_with_options(run: Run, text: str, options: dict[Any, Value]) -> list[Value]:
    """As the one above, with `CurrentTime` (nanoseconds) and `DNSName`; other options are refused."""
    name = "crypto.x509.parse_and_verify_certificates_with_options"
    if not set(options) <= {"CurrentTime", "DNSName"}:
        raise BuiltinError(f"`{name}`: an option is not supported")
    return _verified(run, _certificates(name, text), options)


def _verified(run: Run, chain: list[Any], options: dict[Any, Value]) -> list[Value]:
    now = options.get("CurrentTime", run.now_ns)
    if type(now) is not int:
        raise BuiltinError("`crypto.x509.parse_and_verify_certificates`: the caller gave no clock")
    leaf = _alternatives(chain[-1])
    if "DNSName" in options and options["DNSName"] not in (leaf["DNSNames"] or []):
        return [False, []]
    path = _path(chain, EPOCH + timedelta(microseconds=now // 1000))
    return [bool(path), [_shown(certificate) for certificate in path]]


def _path(chain: list[Any], now: datetime) -> list[Any]:
    """From the leaf to the root, by any of the intermediates; empty when there is no valid way."""
    root, intermediates, certificate = chain[0], chain[1:-1], chain[-1]
    if len(chain) < 2 or not _valid_at(root, now):
        return []
    path = [certificate]
    while _valid_at(certificate, now):
        if _issued(certificate, root):
            return [*path, root]
        issuer = next((other for other in intermediates if other not in path and _issued(certificate, other)), None)
        if issuer is None:
            return []
        path.append(issuer)
        certificate = issuer
    return []


def _valid_at(certificate: Any, now: datetime) -> bool:
    return bool(certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc)


def _issued(certificate: Any, issuer: Any) -> bool:
    from cryptography.exceptions import InvalidSignature

    if not _is_authority(issuer):
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _pem(text: str) -> str:
    if "-----BEGIN" in text:
        return text
    try:
        return base64.b64decode(text, validate=True).decode("ascii", "replace")
    except (binascii.Error, ValueError) as error:
        raise BuiltinError("the text is neither PEM nor base64") from error


def _private_keys(name: str, text: str) -> list[Any]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    found = []
    for block in _BLOCK.finditer(_pem(text)):
        if "PRIVATE KEY" in block[1]:
            try:
                found.append(load_pem_private_key(block.group().encode(), None))
            except (ValueError, TypeError, UnsupportedAlgorithm) as error:
                raise BuiltinError(f"`{name}`: malformed private key") from error
    return found


@builtin("crypto.x509.parse_keypair", "string", "string")
def parse_keypair(certificate: str, key: str) -> Value:
    """The certificates of a pair, after a check that the key belongs to the first; never the key itself."""
    from cryptography.hazmat.primitives.serialization import Encoding

    name = "crypto.x509.parse_keypair"
    chain, keys = _certificates(name, certificate), _private_keys(name, key)
    if not keys or keys[0].public_key() != chain[0].public_key():
        raise BuiltinError(f"`{name}`: private key does not match public key")
    return {"Certificate": [_text(item.public_bytes(Encoding.DER)) for item in chain]}


def _number(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()


@builtin("crypto.x509.parse_rsa_private_key", "string")
def parse_rsa_private_key(text: str) -> Value:
    """An RSA private key as JWK."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    name = "crypto.x509.parse_rsa_private_key"
    keys = _private_keys(name, text)
    if not keys or not isinstance(keys[0], rsa.RSAPrivateKey):
        raise BuiltinError(f"`{name}`: no RSA private key")
    private = keys[0].private_numbers()
    names = {
        "n": private.public_numbers.n,
        "e": private.public_numbers.e,
        "d": private.d,
        "p": private.p,
        "q": private.q,
    }
    more = {"p": private.p, "q": private.q, "dp": private.dmp1, "dq": private.dmq1, "qi": private.iqmp}
    return {"kty": "RSA", **{key: _number(number) for key, number in {**names, **more}.items()}}


@builtin("crypto.parse_private_keys", "string")
def parse_private_keys(text: str) -> list[Value]:
    """The private keys of PEM as Go shows RSA keys; keys of other kinds are refused."""
    if not text:
        raise BuiltinError("`crypto.parse_private_keys`: input key is empty")
    return [_go_rsa(key) for key in _private_keys("crypto.parse_private_keys", text)]


def _go_rsa(key: Any) -> dict[str, Value]:
    from cryptography.hazmat.primitives.asymmetric import rsa

    if not isinstance(key, rsa.RSAPrivateKey):
        raise BuiltinError("`crypto.parse_private_keys`: only RSA keys are supported")
    private = key.private_numbers()
    return {
        "N": private.public_numbers.n,
        "E": private.public_numbers.e,
        "D": private.d,
        "Primes": [private.p, private.q],
        "Precomputed": {"Dp": private.dmp1, "Dq": private.dmq1, "Qinv": private.iqmp, "CRTValues": []},
    }
