"""Randomised envelopes, one value at a time: head, and base64url of nonce, ciphertext and tag.

References: NIST SP 800-38D (GCM; random nonces, section 8.2.2); RFC 8998 (SM4-GCM).
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from guard.anonymize.crypto.cipher import CipherName
from guard.anonymize.crypto.keyed import key_of
from guard.anonymize.crypto.token import broken, head, split
from guard.model import Sensitive

if TYPE_CHECKING:
    from guard.anonymize.keys import Keys

NONCE_BYTES, TAG_BYTES = 12, 16
LETTERS: dict[CipherName, str] = {"aes": "e", "sm4": "m"}

Random = Callable[[int], bytes]


class Aead(Protocol):
    """GCM under one key; the tag is at the end of the ciphertext."""

    def encrypt(self, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
        """Ciphertext and tag."""

    def decrypt(self, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        """The plain bytes.

        Raises:
            cryptography.exceptions.InvalidTag: not authentic.
        """


class Sm4Gcm:
    """SM4-GCM in the shape of cryptography's AESGCM."""

    __slots__ = ("_cipher",)

    def __init__(self, key: Sensitive[bytes]) -> None:
        from cryptography.hazmat.primitives.ciphers.algorithms import SM4

        self._cipher = SM4(key.reveal())

    def encrypt(self, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
        """Ciphertext and tag."""
        from cryptography.hazmat.primitives.ciphers import Cipher, modes

        made = Cipher(self._cipher, modes.GCM(nonce)).encryptor()
        made.authenticate_additional_data(associated)
        return made.update(plain) + made.finalize() + made.tag

    def decrypt(self, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        """The plain bytes; nothing of them before the tag was checked."""
        from cryptography.hazmat.primitives.ciphers import Cipher, modes

        made = Cipher(self._cipher, modes.GCM(nonce, sealed[-TAG_BYTES:])).decryptor()
        made.authenticate_additional_data(associated)
        return made.update(sealed[:-TAG_BYTES]) + made.finalize()


class Envelopes:
    """Seals and opens under the keys of one domain and cipher, of any version."""

    __slots__ = ("_cipher", "_domain", "_keys", "_random", "_ready")

    def __init__(self, keys: Keys, domain: str, cipher: CipherName, *, random: Random = secrets.token_bytes) -> None:
        self._keys, self._domain, self._cipher, self._random = keys, domain, cipher, random
        self._ready: dict[int, Aead] = {}

    def seal(self, texts: Sequence[str] | Iterator[str], version: int) -> Iterator[str]:
        """A token with a fresh nonce for each text.

        Raises:
            KeyUnavailableError: the keyring does not hold this version.
        """
        aead, start = self._aead(version), head(version, LETTERS[self._cipher])
        shown = start.decode()
        for text in texts:
            nonce = self._random(NONCE_BYTES)
            body = nonce + aead.encrypt(nonce, text.encode(), start)
            yield shown + base64.urlsafe_b64encode(body).rstrip(b"=").decode()

    def open(self, tokens: Sequence[str]) -> Iterator[str]:
        """The text of each token.

        Raises:
            TransformError: a value is not a token, or one that does not open.
            KeyUnavailableError: the keyring does not hold the version of a token.
        """
        from cryptography.exceptions import InvalidTag

        letter = LETTERS[self._cipher]
        for token in tokens:
            version, letters = split(token.encode(), letter)
            body = _decoded(letters)
            if len(body) < NONCE_BYTES + TAG_BYTES:
                raise broken("it is cut off")
            aead, start = self._aead(version), head(version, letter)
            try:
                plain = aead.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], start)
            except InvalidTag:
                plain = None
            if plain is None:
                raise broken("it is not authentic")
            yield plain.decode()

    def _aead(self, version: int) -> Aead:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        found = self._ready.get(version)
        if found is None:
            key = key_of(self._keys, "gcm", self._domain, version, self._cipher)
            found = self._ready[version] = AESGCM(key.reveal()) if self._cipher == "aes" else Sm4Gcm(key)
        return found


def _decoded(letters: bytes) -> bytes:
    """The bytes behind base64url without padding, in its one spelling."""
    try:
        body = base64.b64decode(letters + b"=" * (-len(letters) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        body = None
    if body is None or base64.urlsafe_b64encode(body).rstrip(b"=") != letters:
        raise broken("it is not base64url in its one spelling")
    return body
