"""SM2 as key-encryption key, beside OpenSSL's SM2."""

from __future__ import annotations

import secrets
import subprocess
from pathlib import Path

import pytest

from guard.anonymize.crypto.sm3 import sm3
from guard.anonymize.keyring_file import keyring_text
from guard.anonymize.keys import Keyring
from guard.anonymize.keys_envelope import open_keyring, seal_keyring
from guard.anonymize.keys_sm2 import Sm2Kek, is_pem
from guard.errors import KeyUnavailableError
from guard.model import Sensitive

SECRET = b"canary-secret-of-32-bytes-exactl"
RING = Keyring({1: Sensitive(SECRET), 3: Sensitive(SECRET[::-1])})


def openssl(*words: str, data: bytes = b"") -> bytes:
    """What OpenSSL prints."""
    return subprocess.run(["openssl", *words], input=data, capture_output=True, check=True).stdout


def new_key() -> tuple[bytes, bytes]:
    """The PEM texts of a private key and of its public key, as OpenSSL writes them."""
    private = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2")
    return private, openssl("pkey", "-pubout", data=private)


PRIVATE, PUBLIC = new_key()
KEK = Sm2Kek(Sensitive(PRIVATE))


def test_a_keyring_sealed_for_a_public_key_opens_under_the_private_one() -> None:
    """Who has the public key seals and cannot open; the sealed text and the error show no secret."""
    sealer = Sm2Kek(Sensitive(PUBLIC))
    sealed = seal_keyring(RING, sealer)
    assert sealed.startswith(b"guard-keyring 2 sm2:")
    assert keyring_text(open_keyring(sealed, KEK)).reveal() == keyring_text(RING).reveal()
    with pytest.raises(KeyUnavailableError, match="is a public key: it seals, and opens nothing"):
        open_keyring(sealed, sealer)
    assert seal_keyring(RING, sealer) != sealed
    assert SECRET not in sealed
    assert "canary" not in repr(KEK)


def test_openssl_opens_what_guard_wraps_and_the_other_way(tmp_path: Path) -> None:
    """The envelope is SM2 encryption of the standard over SM3(context) and the secret."""
    (tmp_path / "key.pem").write_bytes(PRIVATE)
    wrapped = KEK.wrap(Sensitive(SECRET), b"place")
    assert openssl("pkeyutl", "-decrypt", "-inkey", str(tmp_path / "key.pem"), data=wrapped) == sm3(b"place") + SECRET
    theirs = openssl("pkeyutl", "-encrypt", "-inkey", str(tmp_path / "key.pem"), data=sm3(b"place") + SECRET)
    assert KEK.unwrap(theirs, b"place").reveal() == SECRET


def test_whatever_is_changed_does_not_open() -> None:
    """Each byte of a ciphertext, its length, its context, its key: one error, without the secret."""
    wrapped = KEK.wrap(Sensitive(SECRET), b"place")
    changed = [bytes([*wrapped[:at], wrapped[at] ^ 1, *wrapped[at + 1 :]]) for at in range(len(wrapped))]
    changed += [wrapped[:at] for at in range(len(wrapped))] + [wrapped + b"\0", secrets.token_bytes(130)]
    cases = [(KEK, one, b"place") for one in changed]
    cases += [(KEK, wrapped, b"elsewhere"), (Sm2Kek(Sensitive(new_key()[0])), wrapped, b"place")]
    for kek, text, context in cases:
        with pytest.raises(KeyUnavailableError, match="does not open under the key-encryption key") as caught:
            kek.unwrap(text, context)
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        b"-----BEGIN PRIVATE KEY-----\n",
        PRIVATE.replace(b"PRIVATE", b"EC PRIVATE"),
        PRIVATE + PUBLIC,
        PRIVATE.replace(b"\n", b"\r\n"),
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
        openssl("genpkey", "-algorithm", "ED25519"),
    ],
    ids=["cut", "named", "two", "line ends", "P-256", "Ed25519"],
)
def test_another_text_is_no_sm2_key(text: bytes) -> None:
    """One spelling of one curve; the cure is the command that makes a key."""
    assert is_pem(Sensitive(text))
    with pytest.raises(KeyUnavailableError, match="in PEM is no SM2 key") as caught:
        Sm2Kek(Sensitive(text))
    assert "ec_paramgen_curve:SM2" in caught.value.help


def test_two_halves_of_two_keys_are_no_key() -> None:
    """A private number beside the point of another key, and a point that is not on the curve."""
    from base64 import b64decode, b64encode

    def der(pem: bytes) -> bytes:
        return b64decode(b"".join(pem.split(b"\n")[1:-2]))

    def pem(kind: bytes, text: bytes) -> Sensitive[bytes]:
        return Sensitive(b"-----BEGIN %s KEY-----\n%s\n-----END %s KEY-----\n" % (kind, b64encode(text), kind))

    with pytest.raises(KeyUnavailableError, match="do not belong to each other"):
        Sm2Kek(pem(b"PRIVATE", der(PRIVATE)[:-64] + der(new_key()[1])[-64:]))
    with pytest.raises(KeyUnavailableError, match="no point of SM2's curve"):
        Sm2Kek(pem(b"PUBLIC", der(PUBLIC)[:-64] + bytes(64)))
