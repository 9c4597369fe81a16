"""Keys: files that only their owner reads, and the text forms of signed notes."""

from __future__ import annotations

import base64
import stat

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from guard.audit import keys
from guard.errors import KeyUnavailableError
from guard.model import Sensitive

# The example keys and note of Go's golang.org/x/mod/sumdb/note.
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="


def test_keys_of_go_s_note_package(tmp_path):
    """Go's example keys read, belong together, and its example signature is ours."""
    path = tmp_path / "key"
    path.write_text(GO_PRIVATE)
    path.chmod(0o600)
    signer = keys.load(path)
    public = keys.PublicKey.parse(GO_PUBLIC)
    assert signer.public == public
    assert str(public) == GO_PUBLIC
    signature = public.key_id + signer.sign(GO_TEXT.encode())
    assert base64.b64encode(signature).decode() == GO_SIGNATURE
    Ed25519PublicKey.from_public_bytes(public.raw).verify(signature[4:], GO_TEXT.encode())


def test_create_then_load(tmp_path):
    """A new key file is 0600, reads back as the same key, and is never overwritten."""
    path = tmp_path / "keys" / "log.key"
    signer = keys.create(path, "example.org/log")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.load(path).public == signer.public
    before = path.read_bytes()
    with pytest.raises(KeyUnavailableError, match="cannot be created"):
        keys.create(path, "example.org/log")
    assert path.read_bytes() == before


def test_two_keys_differ(tmp_path):
    """Seeds are random."""
    assert keys.create(tmp_path / "a", "x").public.raw != keys.create(tmp_path / "b", "x").public.raw


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused(tmp_path, mode):
    """Group or world bits on the file: no key."""
    path = tmp_path / "key"
    keys.create(path, "x")
    path.chmod(mode)
    with pytest.raises(KeyUnavailableError, match="readable by others") as caught:
        keys.load(path)
    assert caught.value.help == f"chmod 600 {path}"


def test_links_and_missing_files_are_refused(tmp_path):
    """A symbolic link is not followed; a missing file is named."""
    keys.create(tmp_path / "real", "x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in ("link", "missing"):
        with pytest.raises(KeyUnavailableError, match="cannot be read"):
            keys.load(tmp_path / name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        GO_PRIVATE[:-4],
        GO_PRIVATE + "\nmore",
        GO_PRIVATE.replace("c74f20a3", "c74f20a4"),
        GO_PRIVATE.replace("+AYEK", "+AoEK"),
        GO_PRIVATE.replace("PeterNeumann", "Peter Neumann"),
    ],
    ids=["empty", "short", "more", "id", "type", "name"],
)
def test_damaged_key_files_are_refused(tmp_path, text):
    """One thing wrong, and there is no signer; the message holds nothing of the key."""
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeyUnavailableError) as caught:
        keys.load(path)
    assert "AYEKFAL" not in caught.value.diagnostics()


@pytest.mark.parametrize(
    "text", ["", "x", GO_PUBLIC[:-1], GO_PUBLIC.replace("c7", "c8"), GO_PUBLIC.replace("+AR", "+BR"), GO_PRIVATE]
)
def test_damaged_verifier_keys_are_refused(text):
    """A verifier key has one spelling."""
    with pytest.raises(KeyUnavailableError):
        keys.PublicKey.parse(text)


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"\x02" + b"k" * 91, "ECDSA"),
        (b"\x04" + b"k" * 32, "Ed25519 of a cosigner"),
        (b"\x06" + b"k" * 1312, "ML-DSA-44"),
        (b"\xffsm2\n" + b"k" * 64, "sm2"),
        (b"\x2a" + b"k" * 32, "type 42"),
    ],
)
def test_other_algorithms_are_read_and_refused_by_name(tmp_path, raw, name):
    """The type byte is a field: a verifier key and a key file of another algorithm say which it is."""
    encoded = base64.b64encode(raw).decode()
    with pytest.raises(KeyUnavailableError, match=f"algorithm `{name}` cannot be used"):
        keys.PublicKey.parse(f"example.org/log+00000000+{encoded}")
    path = tmp_path / "key"
    path.write_text(f"PRIVATE+KEY+example.org/log+00000000+{encoded}\n")
    path.chmod(0o600)
    with pytest.raises(KeyUnavailableError, match=f"algorithm `{name}` cannot be used"):
        keys.load(path)


def test_a_signer_shows_only_its_public_key():
    """Printing a signer prints no seed."""
    seed = b"7" * 32
    signer = keys.Ed25519Signer("x", Sensitive(seed))
    assert repr(signer) == f"Ed25519Signer({signer.public})"
    assert base64.b64encode(seed).decode()[:20] not in repr(signer)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "é", "x" * 129, "a\nb"])
def test_names_that_a_note_cannot_carry_are_refused(name):
    """Key names are what signed notes allow."""
    with pytest.raises(KeyUnavailableError):
        keys.Ed25519Signer(name, Sensitive(b"7" * 32))
