"""CMAC by the column: for values of one length, each block position is one call of the cipher for a chunk of rows.

References: NIST SP 800-38B; RFC 4493.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guard.anonymize.crypto.cipher import BLOCK, BlockCipher
from guard.anonymize.crypto.words import copy, flat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

CHUNK = 8192  # rows; see `feistel_batch.CHUNK`


class Cmac:
    """CMAC under one cipher.

    >>> from guard.anonymize.crypto.cipher import cipher
    >>> from guard.model import Sensitive
    >>> mac = Cmac(cipher("aes", Sensitive(bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"))))
    >>> mac.tag(b"").hex()
    'bb1d6929e95937287fa37d129b756746'
    """

    __slots__ = ("_cipher", "_full", "_padded")

    def __init__(self, cipher: BlockCipher) -> None:
        self._cipher = cipher
        full = double(cipher.block(bytes(BLOCK)))
        self._full = np.frombuffer(full, np.uint64)
        self._padded = np.frombuffer(double(full), np.uint64)

    def tag(self, message: bytes) -> bytes:
        """The 16 bytes of one message."""
        rows = np.frombuffer(message, np.uint8).reshape(1, len(message))
        return self.tags(rows).tobytes()

    def tags(self, rows: Bytes) -> Bytes:
        """The tag of each row: (rows, length) to (rows, 16)."""
        out = np.empty((len(rows), BLOCK), np.uint8)
        width = rows.shape[1]
        full = width > 0 and width % BLOCK == 0
        blocks = np.empty((min(CHUNK, len(rows)), max(BLOCK, -(-width // BLOCK) * BLOCK)), np.uint8)
        if not full:  # the padding stays the same for all chunks
            blocks[:, width] = 0x80
            blocks[:, width + 1 :] = 0
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            body = blocks[: len(part)]
            copy(part, body[:, :width])
            self.of_blocks(body, out[start : start + CHUNK], full=full)
        return out

    def of_blocks(self, blocks: Bytes, out: Bytes, *, full: bool) -> None:
        """The tags of messages that are whole blocks already, padded where not `full`; for one chunk of rows."""
        words = blocks.view(np.uint64)
        state, spare = np.empty((len(blocks), 2), np.uint64), np.empty((len(blocks), 2), np.uint64)
        last = words.shape[1] - 2
        for at in range(0, last + 2, 2):
            here = words[:, at : at + 2]
            key = self._full if full else self._padded
            for half in (0, 1):
                if at == last:
                    np.bitwise_xor(here[:, half], key[half], out=state[:, half])
                else:
                    state[:, half] = here[:, half]
                if at:
                    state[:, half] ^= spare[:, half]
            self._cipher.blocks(flat(state), flat(spare))
        copy(spare.view(np.uint8), out)


def double(block: bytes) -> bytes:
    """Multiplication by x in GF(2^128) (RFC 5297, section 2.3)."""
    number = int.from_bytes(block) << 1
    return (number ^ (0x87 | 1 << 128) if number >> 128 else number).to_bytes(BLOCK)
