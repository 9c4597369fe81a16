"""Keyrings under a key-encryption key: what is stored or sent is of no use without it.

Text form: the line `guard-keyring 2 <name of the key-encryption key>`, then one line a version, `<version> <wrapped
root secret in base64url without padding>`, rising. Each secret is wrapped for its version, so lines cannot be
exchanged.

The key-encryption key is a port: `LocalKek` holds it in this process, out of the environment or of a file of its own; a
key management service that wraps and unwraps is another implementation (`kms/transit.py`: OpenBao and Vault).

Reference: NIST SP 800-57 part 1, section 6.2.3 (key wrapping); SP 800-38D.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from guard.anonymize.crypto.cipher import CipherName
from guard.anonymize.crypto.keyed import SM4_KEY_BYTES
from guard.anonymize.keys import SECRET_BYTES, Keyring
from guard.errors import KeyUnavailableError
from guard.model import Sensitive

if TYPE_CHECKING:
    from guard.anonymize.crypto.envelope import Aead

HEADER = b"guard-keyring 2 "
KEK_ENVIRONMENT = "GUARD_KEK"
NONCE_BYTES, TAG_BYTES = 12, 16
MAX_WRAPPED_BYTES = 4096
MAX_TEXT_BYTES = 8 * 1024 * 1024

_HEADER = re.compile(rb"guard-keyring 2 ([A-Za-z0-9._:/-]{1,128})")
_LINE = re.compile(rb"([1-9][0-9]{0,2}) ([A-Za-z0-9_-]{1,5462})")
_NAME = re.compile(r"[A-Za-z0-9._:/-]{1,128}")

Random = Callable[[int], bytes]


class KeyEncryption(Protocol):
    """Port of what wraps keys. `context` is authenticated: unwrapping with another one fails."""

    @property
    def name(self) -> str:
        """Which key wrapped, 1 to 128 of letters, digits and `._:/-`; it stands in the sealed keyring."""

    def wrap(self, secret: Sensitive[bytes], context: bytes) -> bytes:
        """The wrapped secret, at most 4096 bytes.

        Raises:
            KeyUnavailableError: the service refuses or does not answer.
        """

    def unwrap(self, wrapped: bytes, context: bytes) -> Sensitive[bytes]:
        """The secret.

        Raises:
            KeyUnavailableError: another key, another context, a changed ciphertext, or no answer.
        """


class LocalKek:
    """GCM in this process: AES-256, or SM4 under a key derived by HKDF-SM3, whose name then begins with `sm4:`."""

    __slots__ = ("_cipher", "_key", "_random", "name")

    def __init__(
        self, name: str, key: Sensitive[bytes], *, cipher: CipherName = "aes", random: Random = secrets.token_bytes
    ) -> None:
        name = name if cipher == "aes" else f"sm4:{name}"
        if not _NAME.fullmatch(name) or len(key.reveal()) != SECRET_BYTES:
            msg = f"a key-encryption key has a name of letters and digits, and {SECRET_BYTES} bytes"
            raise KeyUnavailableError(msg, help="make one with `secrets.token_bytes(32)`, in base64url")
        self.name, self._key, self._cipher, self._random = name, key, cipher, random

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], *, variable: str = KEK_ENVIRONMENT, cipher: CipherName = "aes"
    ) -> LocalKek:
        """The key in an environment variable: 32 bytes in base64url without padding.

        Raises:
            KeyUnavailableError: the variable is not set, or is not a key.
        """
        text = Sensitive(environment.get(variable, "").encode())
        del environment  # a traceback that shows locals would print it
        if not text.reveal():
            msg = f"the environment variable `{variable}` is not set"
            raise KeyUnavailableError(msg, help=f"put the key-encryption key into {variable}")
        return cls(f"env:{variable}", _key(text, f"the environment variable `{variable}`"), cipher=cipher)

    @classmethod
    def from_file(cls, path: Path, *, cipher: CipherName = "aes") -> LocalKek:
        """The key in a file of one line that only this user can read.

        Raises:
            KeyUnavailableError: missing, open to others, or not a key.
        """
        from guard.anonymize.keyring_file import read_private

        text = read_private(path, what="key-encryption key")
        return cls("file", _key(Sensitive(text.reveal().removesuffix(b"\n")), f"the file `{path}`"), cipher=cipher)

    def wrap(self, secret: Sensitive[bytes], context: bytes) -> bytes:
        """Nonce, ciphertext and tag."""
        nonce = self._random(NONCE_BYTES)
        return nonce + self._aead().encrypt(nonce, secret.reveal(), context)

    def unwrap(self, wrapped: bytes, context: bytes) -> Sensitive[bytes]:
        """The secret.

        Raises:
            KeyUnavailableError: cut off, changed, or wrapped under another key or context.
        """
        from cryptography.exceptions import InvalidTag

        if len(wrapped) >= NONCE_BYTES + TAG_BYTES:
            try:
                return Sensitive(self._aead().decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context))
            except InvalidTag:
                pass
        msg = f"a wrapped key does not open under the key-encryption key `{self.name}`"
        raise KeyUnavailableError(msg, help="it was changed, or wrapped under another key: name that one")

    def _aead(self) -> Aead:
        if self._cipher == "aes":
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            return AESGCM(self._key.reveal())
        from cryptography.hazmat.primitives.hashes import SM3
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        from guard.anonymize.crypto.envelope import Sm4Gcm

        hkdf = HKDF(algorithm=SM3(), length=SM4_KEY_BYTES, salt=None, info=b"guard/kek/sm4/1")
        return Sm4Gcm(Sensitive(hkdf.derive(self._key.reveal())))

    def __repr__(self) -> str:
        return f"LocalKek({self.name!r})"


def is_sealed(text: bytes) -> bool:
    """True for the text of a sealed keyring, whole or not."""
    return text.startswith(HEADER)


def sealed_under(text: bytes) -> str:
    """The name of the key-encryption key in the header of a sealed keyring; empty where there is none."""
    header = _HEADER.fullmatch(text[:MAX_TEXT_BYTES].split(b"\n", 1)[0])
    return header[1].decode() if header else ""


def seal_keyring(ring: Keyring, kek: KeyEncryption) -> bytes:
    """The text form of a keyring under a key-encryption key; nothing in it is secret."""
    lines = [f"guard-keyring 2 {kek.name}".encode()]
    for version, root in ring.roots():
        wrapped = kek.wrap(root, _context(kek.name, version))
        lines.append(b"%d %s" % (version, base64.urlsafe_b64encode(wrapped).rstrip(b"=")))
    return b"\n".join(lines) + b"\n"


def open_keyring(text: bytes, kek: KeyEncryption) -> Keyring:
    """The keyring behind `seal_keyring`.

    Raises:
        KeyUnavailableError: not a sealed keyring, sealed under another key, or changed.
    """
    lines = text[:MAX_TEXT_BYTES].removesuffix(b"\n").split(b"\n")
    header = _HEADER.fullmatch(lines[0])
    if header is None:
        msg = "the sealed keyring does not begin with its header line"
        raise KeyUnavailableError(msg, help="restore it from its backup")
    if header[1].decode() != kek.name:
        msg = f"the keyring is sealed under `{header[1].decode()}`, not under `{kek.name}`"
        raise KeyUnavailableError(msg, help="name the key-encryption key that sealed it")
    roots: dict[int, Sensitive[bytes]] = {}
    for number, line in enumerate(lines[1:], start=2):
        found = _LINE.fullmatch(line)
        wrapped = _decoded(found[2]) if found else b""
        if found is None or not wrapped or (roots and int(found[1]) <= max(roots)):
            msg = f"line {number} of the sealed keyring is not a rising version and a wrapped key"
            raise KeyUnavailableError(msg, help="restore it from its backup")
        roots[int(found[1])] = kek.unwrap(wrapped, _context(kek.name, int(found[1])))
    return Keyring(roots)


def reseal(text: bytes, old: KeyEncryption, new: KeyEncryption) -> bytes:
    """The same keyring under another key-encryption key: what its rotation costs, whatever the size of the data.

    Raises:
        KeyUnavailableError: see `open_keyring`.
    """
    return seal_keyring(open_keyring(text, old), new)


def _context(name: str, version: int) -> bytes:
    return f"guard/keyring/2\0{name}\0{version}".encode()


def _key(text: Sensitive[bytes], where: str) -> Sensitive[bytes]:
    key = Sensitive(_decoded(text.reveal()))
    if len(key.reveal()) != SECRET_BYTES:
        msg = f"{where} does not hold a key-encryption key"
        raise KeyUnavailableError(msg, help=f"{SECRET_BYTES} random bytes in base64url without padding")
    return key


def _decoded(letters: bytes) -> bytes:
    """The bytes of base64url without padding in its one spelling; nothing for anything else."""
    try:
        found = base64.b64decode(letters + b"=" * (-len(letters) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return b""
    return found if base64.urlsafe_b64encode(found).rstrip(b"=") == letters else b""
