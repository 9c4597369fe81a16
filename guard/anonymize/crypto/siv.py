"""AES-SIV by the column: deterministic authenticated encryption in two passes of the cipher over each chunk.

Equal values have equal ciphertexts, and that is all a ciphertext shows (with its length). A changed ciphertext does not
open. The bytes are those of RFC 5297, so any other implementation opens them.

Reference: RFC 5297.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guard.anonymize.crypto.cipher import BLOCK, BlockCipher
from guard.anonymize.crypto.cmac import CHUNK, Cmac, double
from guard.anonymize.crypto.words import copy, xor, xor_block

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

_MASK = np.frombuffer(bytes.fromhex("ffffffffffffffff7fffffff7fffffff"), np.uint64)


class Siv:
    """SIV over two ciphers (the two halves of the key of the RFC) and one fixed associated text.

    >>> from guard.anonymize.crypto.cipher import cipher
    >>> from guard.model import Sensitive
    >>> keys = bytes.fromhex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
    >>> mac, ctr = (cipher("aes", Sensitive(half)) for half in (keys[:16], keys[16:]))
    >>> siv = Siv(mac, ctr, bytes.fromhex("101112131415161718191a1b1c1d1e1f2021222324252627"))
    >>> siv.encrypt_one(bytes.fromhex("112233445566778899aabbccddee")).hex()
    '85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c'
    """

    __slots__ = ("_ctr", "_doubled", "_mac", "_sum")

    def __init__(self, mac: BlockCipher, ctr: BlockCipher, associated: bytes) -> None:
        self._mac, self._ctr = Cmac(mac), ctr
        start = int.from_bytes(double(self._mac.tag(bytes(BLOCK)))) ^ int.from_bytes(self._mac.tag(associated))
        self._sum = np.frombuffer(start.to_bytes(BLOCK), np.uint8)
        self._doubled = np.frombuffer(double(start.to_bytes(BLOCK)), np.uint8)

    def encrypt_one(self, plain: bytes) -> bytes:
        """V and ciphertext of one value."""
        return self.encrypt(np.frombuffer(plain, np.uint8).reshape(1, len(plain))).tobytes()

    def encrypt(self, plain: Bytes) -> Bytes:
        """Each row with its V in front: (rows, length) to (rows, 16 + length)."""
        out = np.empty((len(plain), BLOCK + plain.shape[1]), np.uint8)
        work = _Work(min(CHUNK, len(plain)), plain.shape[1])
        for start in range(0, len(plain), CHUNK):
            part, into = plain[start : start + CHUNK], out[start : start + CHUNK]
            tags = self._tags(part, work)
            copy(tags, into[:, :BLOCK])
            self._stream(tags, part, into[:, BLOCK:], work)
        return out

    def decrypt(self, sealed: Bytes) -> tuple[Bytes, NDArray[np.bool_] | None]:
        """The rows without V, and which of them do not open (None: all do); those are zeros.

        `sealed` has at least 16 columns.
        """
        out = np.empty((len(sealed), sealed.shape[1] - BLOCK), np.uint8)
        work = _Work(min(CHUNK, len(sealed)), out.shape[1])
        bad = np.zeros(len(sealed), np.bool_)
        for start in range(0, len(sealed), CHUNK):
            part, into = sealed[start : start + CHUNK], out[start : start + CHUNK]
            tags = np.empty((len(part), BLOCK), np.uint8)
            copy(part[:, :BLOCK], tags)
            self._stream(tags, part[:, BLOCK:], into, work)
            # The whole tag is compared in every row, so no time tells how far a forgery fits.
            ours, theirs = self._tags(into, work).view(np.uint64), tags.view(np.uint64)
            differs = (ours[:, 0] ^ theirs[:, 0]) | (ours[:, 1] ^ theirs[:, 1])
            bad[start : start + CHUNK] = differs != 0
        if not bad.any():
            return out, None
        out[bad] = 0
        return out, bad

    def _tags(self, plain: Bytes, work: _Work) -> Bytes:
        """S2V of the associated text and each row."""
        rows, width = plain.shape
        blocks, tags = work.blocks[:rows], work.tags[:rows]
        copy(plain, blocks[:, :width])
        if width < BLOCK:
            blocks[:, width] = 0x80
            blocks[:, width + 1 :] = 0
            words = blocks.view(np.uint64)
            xor_block(words, self._doubled.view(np.uint64), words)
        else:
            if blocks.shape[1] > width:
                blocks[:, width] = 0x80
                blocks[:, width + 1 :] = 0
            words = blocks[:, width - BLOCK : width].view(np.uint64)
            xor_block(words, self._sum.view(np.uint64), words)
        self._mac.of_blocks(blocks, tags, full=width < BLOCK or width % BLOCK == 0)
        return tags

    def _stream(self, tags: Bytes, given: Bytes, out: Bytes, work: _Work) -> None:
        """`given` XOR the key stream that begins at each tag."""
        rows, width = given.shape
        if not width:
            return
        counters = work.counters[:rows]
        words = tags.view(np.uint64)
        # Bit 63 of the counter is cleared, so the low half never carries into the high one.
        low = words[:, 1] & _MASK[1]
        for block in range(counters.shape[1]):
            np.bitwise_and(words[:, 0], _MASK[0], out=counters[:, block, 0])
            counters[:, block, 1] = (low.byteswap() + np.uint64(block)).byteswap() if block else low
        stream = work.stream[:rows]
        self._ctr.blocks(counters.view(np.uint8).reshape(-1), stream.reshape(-1))
        xor(given, stream[:, :width], out)


class _Work:
    """Arrays that all chunks of one length share."""

    def __init__(self, rows: int, width: int) -> None:
        count = max(1, -(-width // BLOCK))
        self.blocks = np.empty((rows, count * BLOCK), np.uint8)
        self.tags = np.empty((rows, BLOCK), np.uint8)
        self.counters = np.empty((rows, count, 2), np.uint64)
        self.stream = np.empty((rows, count * BLOCK), np.uint8)
