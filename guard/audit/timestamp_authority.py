"""Time from somebody else: RFC 3161 time-stamps over checkpoints.

A signed checkpoint says when the log believes it was; a time-stamp token says when a time-stamp authority saw it. The
port is `TimestampAuthority`; `HttpAuthority` speaks RFC 3161 over HTTP. A token is kept beside the log as it came, so
that any tool of RFC 3161 (`openssl ts -verify`) checks it as well:

    timestamps/<size>.checkpoint    the signed checkpoint, whose SHA-256 is stamped
    timestamps/<size>.tst           the token, DER
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from guard.audit import checkpoint, der, reader
from guard.audit.disk import PosixDisk
from guard.audit.keys import PublicKey, PublicKeys
from guard.errors import AuditError, IntegrityError
from guard.model import Checkpoint, Value

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

FOLDER = "timestamps"
TIMEOUT = 20.0  # seconds
MAX_TOKEN = 65_536  # bytes
MAX_CHAIN = 4  # certificates from the signer to a root
GRANTED = (0, 1)  # PKIStatus granted, grantedWithMods

SHA256 = bytes.fromhex("608648016503040201")
SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
TST_INFO = bytes.fromhex("2a864886f70d0109100104")
CONTENT_TYPE, MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010903"), bytes.fromhex("2a864886f70d010904")
SIGNING_CERTIFICATE = bytes.fromhex("2a864886f70d010910020c")  # ESS, SHA-1
SIGNING_CERTIFICATE_V2 = bytes.fromhex("2a864886f70d010910022f")  # ESS, RFC 5816
HASHES = {
    SHA256: "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}


class TimestampAuthority(Protocol):
    """Somebody who signs that a digest existed at a time."""

    def stamp(self, digest: bytes) -> bytes:
        """The token over a SHA-256 digest, DER; raises AuditError when there is none."""


class Stamped(Value, frozen=True):
    """A verified time-stamp: the checkpoint, when it was seen, and by whom."""

    checkpoint: Checkpoint
    time: datetime
    authority: str  # the subject of the signer's certificate


class HttpAuthority:
    """An authority over HTTP (RFC 3161, section 3.4); follows no redirect."""

    def __init__(self, url: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise AuditError("the address of the time-stamp authority is not http or https")
        self._url = url

    def stamp(self, digest: bytes) -> bytes:
        """The token, whose digest and nonce are those of the request; its signature is checked by `verify`."""
        nonce = secrets.randbits(64)
        answer = self._post(request(digest, nonce))
        status, *rest = _exactly(der.read(answer).expect(der.SEQUENCE), None)
        granted = status.expect(der.SEQUENCE).members()
        if not granted or granted[0].number not in GRANTED or not rest:
            raise AuditError("the time-stamp authority refused")
        token = rest[0].whole
        info = _Token(token).info
        if info.digest != digest or info.nonce != nonce:
            raise IntegrityError("the time-stamp authority answered another question")
        return token

    def _post(self, body: bytes) -> bytes:
        import httpx

        headers = {"Content-Type": "application/timestamp-query"}
        data = b""
        try:
            with (
                httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", self._url, content=body, headers=headers) as response,
            ):
                for chunk in response.iter_bytes():
                    data += chunk
                    if len(data) > MAX_TOKEN:
                        raise AuditError("the time-stamp authority's answer is too long")
                if response.status_code != 200:
                    raise AuditError(f"the time-stamp authority answered with status {response.status_code}")
        except httpx.HTTPError as error:
            raise AuditError(f"the time-stamp authority did not answer ({type(error).__name__})") from None
        return data


def stamp(folder: Path, public: PublicKey | PublicKeys, authority: TimestampAuthority) -> Path:
    """Has the published checkpoint stamped, and keeps the token; gives its path.

    Raises:
        AuditError: nothing is published, the authority gave no token, or it cannot be written.
    """
    head = reader.published(folder)
    if head is None:
        raise AuditError("the audit log has no checkpoint yet", help="ask again when something was recorded")
    public.verify(head)
    note = checkpoint.text(head).encode()
    token = authority.stamp(hashlib.sha256(note).digest())
    path = folder / FOLDER / f"{head.size}.tst"
    try:
        path.parent.mkdir(exist_ok=True)
        PosixDisk().put(path.with_suffix(".checkpoint"), note)
        PosixDisk().put(path, token)
        PosixDisk().sync_folder(path.parent)
    except OSError as error:
        raise AuditError(f"`{path.name}` cannot be written: {error.strerror}") from None
    return path


def verify(path: Path, public: PublicKey, roots: Sequence[Certificate]) -> Stamped:
    """Checks a kept token: the log's own signature, the authority's, and that one of `roots` vouches for it.

    Raises:
        IntegrityError: something does not hold.
        AuditError: a file cannot be read.
    """
    try:
        note, token = path.with_suffix(".checkpoint").read_bytes(), path.read_bytes()
        head = checkpoint.parse(note.decode())
    except OSError as error:
        raise AuditError(f"time-stamp `{path.name}` cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise IntegrityError("the stamped checkpoint is not text") from None
    public.verify(head)
    parsed = _Token(token)
    if parsed.info.digest != hashlib.sha256(note).digest():
        raise IntegrityError("the time-stamp is of another checkpoint")
    signer = parsed.signer()
    _require_chain(signer, parsed.certificates, roots, parsed.info.time)
    return Stamped(head, parsed.info.time, signer.subject.rfc4514_string())


def request(digest: bytes, nonce: int) -> bytes:
    """A TimeStampReq (RFC 3161, 2.4.1) over a SHA-256 digest, which asks for the certificate."""
    algorithm = der.value(der.SEQUENCE, der.value(der.OID, SHA256), der.value(der.NULL))
    imprint = der.value(der.SEQUENCE, algorithm, der.value(der.OCTETS, digest))
    return der.value(der.SEQUENCE, der.integer(1), imprint, der.integer(nonce), der.value(der.BOOLEAN, b"\xff"))


class _Info(Value, frozen=True):
    """What a TSTInfo (RFC 3161, 2.4.2) says."""

    digest: bytes
    time: datetime
    nonce: int | None


class _Token:
    """A TimeStampToken: CMS SignedData (RFC 5652) over a TSTInfo, with one signer."""

    def __init__(self, token: bytes) -> None:
        kind, wrapped = _exactly(der.read(token), 2)
        if kind.expect(der.OID).content != SIGNED_DATA:
            raise _built_otherwise()
        (data,) = _exactly(wrapped.expect(0xA0), 1)
        members = data.expect(der.SEQUENCE).members()
        if len(members) < 4:
            raise _built_otherwise()
        content_kind, content = _exactly(members[2], 2)
        if content_kind.content != TST_INFO:
            raise _built_otherwise()
        (octets,) = _exactly(content.expect(0xA0), 1)
        self._content = octets.expect(der.OCTETS).content
        self.info = _info(self._content)
        (self._signer_info,) = _exactly(members[-1].expect(der.SET), 1)
        self.certificates = [
            _certificate(each.whole) for node in members[3:-1] if node.tag == 0xA0 for each in node.members()
        ]

    def signer(self) -> Certificate:
        """The certificate whose key signed the token, and which the signature itself names.

        Raises:
            IntegrityError: the token was not signed by a certificate that it holds.
        """
        members = self._signer_info.expect(der.SEQUENCE).members()
        if len(members) < 6:
            raise _built_otherwise()
        _, _, algorithm, attributes, _, signature = members[:6]
        name = HASHES.get(_exactly(algorithm, None)[0].content)
        if name is None or attributes.tag != 0xA0:
            raise IntegrityError("the time-stamp is signed with a hash that is not SHA-2")
        found = {}
        for attribute in attributes.members():
            kind, values = _exactly(attribute, 2)
            found[kind.content] = _exactly(values.expect(der.SET), 1)[0]
        told = found.get(MESSAGE_DIGEST)
        if (
            told is None
            or told.content != hashlib.new(name, self._content).digest()
            or CONTENT_TYPE not in found
            or found[CONTENT_TYPE].content != TST_INFO
        ):
            raise IntegrityError("the time-stamp's signature is over other content")
        signed = der.value(der.SET, attributes.content)  # RFC 5652, 5.4: signed as a SET, sent as [0]
        for each in self.certificates:
            if _names(found, each) and _verifies(each, signature.expect(der.OCTETS).content, signed, name):
                return each
        raise IntegrityError("the time-stamp's signature is wrong, or its certificate is not in it")


def _exactly(node: der.Node, count: int | None) -> list[der.Node]:
    members = node.members()
    if not members or (count is not None and len(members) != count):
        raise _built_otherwise()
    return members


def _built_otherwise() -> IntegrityError:
    return IntegrityError("a time-stamp is not built as RFC 3161 says")


def _info(content: bytes) -> _Info:
    members = der.read(content).expect(der.SEQUENCE).members()
    if len(members) < 5 or members[0].number != 1:
        raise _built_otherwise()
    algorithm, digest = _exactly(members[2].expect(der.SEQUENCE), 2)
    if _exactly(algorithm, None)[0].content != SHA256:
        raise IntegrityError("the time-stamp is over a hash that is not SHA-256")
    try:
        text = members[4].expect(der.TIME).content.decode("ascii")
        form = "%Y%m%d%H%M%S.%fZ" if "." in text else "%Y%m%d%H%M%SZ"
        time = datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        raise IntegrityError("the time-stamp's time is not a GeneralizedTime in UTC") from None
    nonce = next((node.number for node in members[5:] if node.tag == der.INTEGER), None)
    return _Info(digest.expect(der.OCTETS).content, time, nonce)


def _certificate(data: bytes) -> Certificate:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        found = x509.load_der_x509_certificate(data)
        # Parsed on demand by the library; here all at once, so that nothing fails later.
        _ = (found.public_key(), found.extensions, found.subject, found.issuer, found.not_valid_after_utc)
        return found
    except (ValueError, x509.InvalidVersion, x509.DuplicateExtension, UnsupportedAlgorithm):
        raise IntegrityError("a certificate in the time-stamp is not readable") from None


def _names(attributes: dict[bytes, der.Node], certificate: Certificate) -> bool:
    """True when the signed attributes name this certificate (ESS signing certificate, RFC 2634 and 5816)."""
    from cryptography.hazmat.primitives.serialization import Encoding

    encoded = certificate.public_bytes(Encoding.DER)
    if (node := attributes.get(SIGNING_CERTIFICATE_V2)) is not None:
        first = _exactly(_exactly(_exactly(node, None)[0], None)[0], None)
        name = "sha256"
        if first[0].tag == der.SEQUENCE:
            name = HASHES.get(_exactly(first[0], None)[0].content, "")
            first = first[1:]
        return bool(name and first) and first[0].content == hashlib.new(name, encoded).digest()
    if (node := attributes.get(SIGNING_CERTIFICATE)) is not None:
        first = _exactly(_exactly(_exactly(node, None)[0], None)[0], None)
        return first[0].content == hashlib.sha1(encoded, usedforsecurity=False).digest()
    return False


def _verifies(certificate: Certificate, signature: bytes, signed: bytes, hash_name: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    kinds: dict[str, Any] = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
    public = certificate.public_key()
    try:
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, signed, padding.PKCS1v15(), kinds[hash_name])
        elif isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, signed, ec.ECDSA(kinds[hash_name]))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _require_chain(
    signer: Certificate, others: Sequence[Certificate], roots: Sequence[Certificate], time: datetime
) -> None:
    """The signer may stamp time, and a chain of certificates that were valid then leads to a root.

    Raises:
        IntegrityError: there is no such chain.
    """
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        usage = None
    if usage is None or not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise IntegrityError("the time-stamp's certificate is not for stamping time alone")
    here = signer
    for _ in range(MAX_CHAIN):
        if not here.not_valid_before_utc <= time <= here.not_valid_after_utc:
            raise IntegrityError("a certificate of the time-stamp was not valid at its time")
        if any(_issued(here, root) and root.not_valid_before_utc <= time <= root.not_valid_after_utc for root in roots):
            return
        above = next((each for each in others if each != here and _may_issue(each) and _issued(here, each)), None)
        if above is None:
            break
        here = above
    raise IntegrityError("no given authority vouches for the time-stamp", help="give the authority's root certificate")


def _may_issue(certificate: Certificate) -> bool:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _issued(certificate: Certificate, issuer: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
