"""RFC 3161: tokens of a real authority (`openssl ts` behind HTTP), asked for, kept, and verified against its root."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from guard.audit import timestamp_authority as tsa
from guard.audit.timestamp_authority import HttpAuthority, stamp, verify
from guard.errors import AuditError, IntegrityError
from tests.audit.logs import OTHER, SIGNER, build
from tests.servers.http import LoopbackServer

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing: apt-get install openssl")
NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


def certificate(name: str, key, issuer=None, issuer_key=None, *, usage=ExtendedKeyUsageOID.TIME_STAMPING, days=(-1, 9)):
    """A root when there is no issuer, else a certificate for stamping time."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + days[0] * DAY)
        .not_valid_after(NOW + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
    return builder.sign(issuer_key or key, hashes.SHA256())


class Authority:
    """A time-stamp authority: `openssl ts -reply` behind a local HTTP server."""

    def __init__(self, folder: Path, key, **options) -> None:
        root_key = ec.generate_private_key(ec.SECP256R1())
        self.root = certificate("root", root_key)
        own = certificate("stamper", key, self.root, root_key, **options)
        folder.mkdir()
        pem = serialization.Encoding.PEM
        (folder / "root.pem").write_bytes(self.root.public_bytes(pem))
        (folder / "tsa.pem").write_bytes(own.public_bytes(pem))
        (folder / "tsa.key").write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(
            f"[tsa]\ndefault_tsa = one\n[one]\nserial = {folder}/serial\nsigner_cert = {folder}/tsa.pem\n"
            f"signer_key = {folder}/tsa.key\nsigner_digest = sha256\n"
            "default_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\ness_cert_id_alg = sha256\n"
        )
        self.folder = folder
        self.answer = self._reply
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                data = outer.answer(body)
                self.send_response(200 if data else 500)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Silent."""

        self._server = LoopbackServer(Handler)
        self.url = f"{self._server.url}/"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def _reply(self, body: bytes) -> bytes:
        query = self.folder / "query"
        query.write_bytes(body)
        done = subprocess.run(
            ["openssl", "ts", "-reply", "-config", str(self.folder / "tsa.cnf"), "-queryfile", str(query)],
            capture_output=True, check=False,
        )  # fmt: skip
        return done.stdout

    def close(self) -> None:
        """Stops the server."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def authority(tmp_path):
    """An authority with an elliptic key."""
    opened = Authority(tmp_path / "tsa", ec.generate_private_key(ec.SECP256R1()))
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path):
    """A small log."""
    build(tmp_path / "log", [3])
    return tmp_path / "log"


def test_a_checkpoint_is_stamped_and_verified(folder, authority):
    """The token says when; openssl itself agrees that it is of this checkpoint."""
    path = stamp(folder, SIGNER.public, HttpAuthority(authority.url))
    found = verify(path, SIGNER.public, [authority.root])
    assert (found.checkpoint.size, found.authority) == (3, "CN=stamper")
    assert abs(found.time - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)
    checked = subprocess.run(
        ["openssl", "ts", "-verify", "-in", str(path), "-token_in", "-data", str(path.with_suffix(".checkpoint")),
         "-CAfile", str(authority.folder / "root.pem")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Verification: OK" in checked.stdout + checked.stderr


def test_an_rsa_authority(tmp_path, folder):
    """The other kind of key that authorities use."""
    opened = Authority(tmp_path / "rsa", rsa.generate_private_key(65537, 2048))
    try:
        path = stamp(folder, SIGNER.public, HttpAuthority(opened.url))
        assert verify(path, SIGNER.public, [opened.root]).checkpoint.size == 3
    finally:
        opened.close()


def test_every_changed_byte_is_noticed(folder, authority):
    """One bit anywhere in what the signature covers, or in the checkpoint: refused, never an internal error."""
    path = stamp(folder, SIGNER.public, HttpAuthority(authority.url))
    data = path.read_bytes()
    accepted = []
    for at in range(len(data)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        try:
            found = verify(path, SIGNER.public, [authority.root])
            accepted.append((at, found.time))
        except IntegrityError:
            pass
    path.write_bytes(data)
    good = verify(path, SIGNER.public, [authority.root])
    # Some bytes of CMS say nothing that counts (versions, the unsigned name of the signer); none changes the proof.
    assert {time for _, time in accepted} <= {good.time}
    assert len(accepted) < len(data) // 8
    note = path.with_suffix(".checkpoint")
    note.write_bytes(note.read_bytes().replace(b"\n3\n", b"\n4\n"))
    with pytest.raises(IntegrityError, match="signature of"):
        verify(path, SIGNER.public, [authority.root])


def test_a_token_of_another_checkpoint_log_or_authority(folder, tmp_path, authority):
    """Each stranger is named."""
    first = stamp(folder, SIGNER.public, HttpAuthority(authority.url))
    build(folder, [1])
    second = stamp(folder, SIGNER.public, HttpAuthority(authority.url))
    second.write_bytes(first.read_bytes())
    with pytest.raises(IntegrityError, match="of another checkpoint"):
        verify(second, SIGNER.public, [authority.root])
    with pytest.raises(IntegrityError, match="not signed by"):
        verify(first, OTHER.public, [authority.root])
    stranger = certificate("root", ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(IntegrityError, match="no given authority vouches"):
        verify(first, SIGNER.public, [stranger])
    with pytest.raises(AuditError, match="cannot be read"):
        verify(folder / "absent.tst", SIGNER.public, [authority.root])


def test_a_certificate_that_is_not_for_time(folder, authority, monkeypatch):
    """A certificate of the same root for something else stamps nothing."""
    path = stamp(folder, SIGNER.public, HttpAuthority(authority.url))
    late = dt.datetime.now(dt.UTC) + 100 * DAY
    monkeypatch.setattr(tsa, "_info", lambda content, read=tsa._info: tsa._Info(read(content).digest, late, None))
    with pytest.raises(IntegrityError, match="not valid at its time"):
        verify(path, SIGNER.public, [authority.root])
    monkeypatch.undo()
    monkeypatch.setattr(ExtendedKeyUsageOID, "TIME_STAMPING", ExtendedKeyUsageOID.CODE_SIGNING)
    with pytest.raises(IntegrityError, match="not for stamping time alone"):
        verify(path, SIGNER.public, [authority.root])


def test_answers_that_are_none(folder, authority):
    """A refusal, another answer replayed, rubbish, and silence."""
    replies = []
    authority.answer = lambda body: replies.append(authority._reply(body)) or replies[0]
    stamp(folder, SIGNER.public, HttpAuthority(authority.url))
    with pytest.raises(IntegrityError, match="answered another question"):
        stamp(folder, SIGNER.public, HttpAuthority(authority.url))
    for reply in (
        b"\x30\x05\x30\x03\x02\x01\x02",
        b"rubbish",
        b"\x30\x80",
        b"\x30\x84\xff\xff\xff\xff",
        b"",
        b"\x30\x00",
    ):
        authority.answer = lambda body, reply=reply: reply
        with pytest.raises(AuditError):
            stamp(folder, SIGNER.public, HttpAuthority(authority.url))
    authority.answer = lambda body: b"x" * 70_000
    with pytest.raises(AuditError, match="too long"):
        stamp(folder, SIGNER.public, HttpAuthority(authority.url))
    with pytest.raises(AuditError, match="did not answer"):
        stamp(folder, SIGNER.public, HttpAuthority("http://127.0.0.1:9/"))
