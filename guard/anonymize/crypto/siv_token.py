"""AES-SIV tokens by the column: head, and base64url of V and ciphertext."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guard.anonymize.crypto import base64url
from guard.anonymize.crypto.cipher import BLOCK, cipher
from guard.anonymize.crypto.cmac import CHUNK
from guard.anonymize.crypto.keyed import key_of
from guard.anonymize.crypto.siv import Siv
from guard.anonymize.crypto.token import broken, head, parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from guard.anonymize.keys import Keys

    Bytes = NDArray[np.uint8]
    Bad = NDArray[np.bool_]

LETTER = "s"


class SivTokens:
    """Seals and opens under the keys of one domain, of any version."""

    __slots__ = ("_domain", "_keys", "_ready")

    def __init__(self, keys: Keys, domain: str) -> None:
        self._keys, self._domain = keys, domain
        self._ready: dict[int, Siv] = {}

    def seal(self, rows: Bytes, version: int) -> Bytes:
        """(rows, length) to (rows, token).

        Raises:
            KeyUnavailableError: the keyring does not hold this version.
        """
        siv, start = self._siv(version), np.frombuffer(head(version, LETTER), np.uint8)
        letters = base64url.length(BLOCK + rows.shape[1])
        out = np.empty((len(rows), len(start) + letters), np.uint8)
        for at in range(0, len(rows), CHUNK):
            part = out[at : at + CHUNK]
            for column in range(len(start)):
                part[:, column] = start[column]
            base64url.encode(siv.encrypt(rows[at : at + CHUNK]), part[:, len(start) :])
        return out

    def open(self, tokens: Bytes) -> tuple[Bytes, Bad | None]:
        """(rows, token) to (rows, length), and which of them are not authentic (None: all are).

        Raises:
            TransformError: a value is not a token, or too short for one, or not in its one spelling.
            KeyUnavailableError: the keyring does not hold the version of a token.
        """
        found: Bytes | None = None
        bad: Bad | None = None
        for rows, version, body in parts(tokens, LETTER):
            plain, wrong = self._open(body, version)
            if rows is None:
                return plain, wrong
            if found is None:
                found, bad = np.empty((len(tokens), plain.shape[1]), np.uint8), np.zeros(len(tokens), np.bool_)
            if plain.shape[1] != found.shape[1]:  # g9s_ and g10s_: see `column.by_head`
                raise broken("tokens of one length hold values of two")
            found[rows] = plain
            if wrong is not None and bad is not None:
                bad[rows] = wrong
        return (tokens[:, :0] if found is None else found), bad if bad is not None and bad.any() else None

    def _open(self, body: Bytes, version: int) -> tuple[Bytes, Bad | None]:
        siv, size = self._siv(version), base64url.size_of(body.shape[1])
        if size is None or size < BLOCK:
            raise broken("it is cut off")
        out = np.empty((len(body), size - BLOCK), np.uint8)
        bad: Bad | None = None
        for at in range(0, len(body), CHUNK):
            sealed, misspelt = base64url.decode(body[at : at + CHUNK])
            if misspelt is not None:
                raise broken("it is not base64url in its one spelling")
            out[at : at + CHUNK], wrong = siv.decrypt(sealed)
            if wrong is not None:
                bad = np.zeros(len(body), np.bool_) if bad is None else bad
                bad[at : at + CHUNK] = wrong
        return out, bad

    def _siv(self, version: int) -> Siv:
        found = self._ready.get(version)
        if found is None:
            mac, ctr = (
                cipher("aes", key_of(self._keys, "siv", self._domain, version, "aes", part=part))
                for part in ("/mac", "/ctr")
            )
            found = self._ready[version] = Siv(mac, ctr, head(version, LETTER))
        return found
