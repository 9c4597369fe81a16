"""The Feistel rounds of FF1 for a whole column: each round is one call of the cipher for a chunk of values.

All values of a column have one length, so all but the last block of the CBC-MAC is the same for all of them and is
computed once; a round then costs one block a value. Halves are unsigned 64-bit integers below 2^56, which covers 32
decimal digits; what is longer goes one by one through `feistel.py`.

Reference: NIST SP 800-38G (2016), algorithms 7 and 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guard.anonymize.crypto.cipher import BlockCipher
from guard.anonymize.crypto.feistel import ROUNDS, Feistel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.uint64]

CHUNK = (
    8192  # values: blocks, answers and halves stay in the second-level cache; a million at once is three times slower
)
MAX_HALF_BYTES = 7  # round number and half share the last 64 bits of a block
MAX_ROW_TWEAK = 8  # bytes


class FeistelBatch:
    """Permutes pairs of halves in place.

    With `row_tweaks`, each row has a tweak of its own of `len(core.tweak)` bytes, at most 8: `core` is then made with a
    tweak of zeros, and the tweaks of the rows come as integers. They cost one XOR a value.
    """

    __slots__ = ("_big", "_blocks", "_cipher", "_out", "core")

    def __init__(self, cipher: BlockCipher, core: Feistel) -> None:
        self.core, self._cipher = core, cipher
        self._blocks = np.empty((CHUNK, 2), ">u8")
        self._out = np.empty((CHUNK, 2), ">u8")
        self._big = np.empty((2, CHUNK), np.uint64)

    @staticmethod
    def fits(core: Feistel, *, row_tweak: int = 0) -> bool:
        """True when the column form has room for these halves, and for a tweak of so many bytes in each row."""
        return core.b <= MAX_HALF_BYTES and (not row_tweak or row_tweak <= min(MAX_ROW_TWEAK, 15 - core.b))

    def encrypt(self, a: Numbers, b: Numbers, row_tweaks: Numbers | None = None) -> None:
        """Ten rounds over the halves, in place."""
        self._chunks(a, b, row_tweaks, forward=True)

    def decrypt(self, a: Numbers, b: Numbers, row_tweaks: Numbers | None = None) -> None:
        """Ten rounds back, in place."""
        self._chunks(a, b, row_tweaks, forward=False)

    def _chunks(self, a: Numbers, b: Numbers, row_tweaks: Numbers | None, *, forward: bool) -> None:
        for start in range(0, len(a), CHUNK):
            part = slice(start, start + CHUNK)
            self._chunk(a[part], b[part], None if row_tweaks is None else row_tweaks[part], forward=forward)

    def _chunk(self, a: Numbers, b: Numbers, row_tweaks: Numbers | None, *, forward: bool) -> None:
        size, core = len(a), self.core
        blocks, out = self._blocks[:size], self._out[:size]
        high, low = divmod(core.template or 0, 1 << 64)
        blocks[:, 0] = high
        if row_tweaks is not None:  # the tweak stands at the left of the block, zeros up to the round number
            blocks[:, 0] ^= row_tweaks << np.uint64(8 * (MAX_ROW_TWEAK - len(core.tweak)))
        bytes_in, bytes_out = blocks.view(np.uint8).reshape(-1), out.view(np.uint8).reshape(-1)
        y, spare = self._big[0, :size], self._big[1, :size]
        for step in range(ROUNDS) if forward else reversed(range(ROUNDS)):
            even = step % 2 == 0
            # The halves are not swapped: even rounds change the left from the right, odd ones the right from the left.
            changed, other, modulus = (a, b, core.low) if even else (b, a, core.high)
            np.bitwise_xor(other, np.uint64(low ^ (step << (8 * core.b))), out=spare)
            blocks[:, 1] = spare
            self._cipher.blocks(bytes_in, bytes_out)
            y[:] = out[:, 0]
            _reduce(y, modulus, spare)
            if core.d > 8:
                spare[:] = out[:, 1]
                spare >>= np.uint64(32)
                _fold(y, spare, modulus)
            _add(changed, y, modulus, spare) if forward else _subtract(changed, y, modulus, spare)


def _reduce(y: Numbers, modulus: int, spare: Numbers) -> None:
    """y mod modulus; division by one number runs in vector registers, the remainder operator does not."""
    if modulus & (modulus - 1) == 0:
        y &= np.uint64(modulus - 1)
        return
    np.floor_divide(y, np.uint64(modulus), out=spare)
    spare *= np.uint64(modulus)
    y -= spare


def _fold(y: Numbers, tail: Numbers, modulus: int) -> None:
    """y * 2^32 + tail mod modulus, in as many steps as fit 64 bits."""
    room = min(32, 64 - modulus.bit_length())
    left, spare = 32, np.empty_like(y)
    while left:
        bits = min(room, left)
        left -= bits
        y <<= np.uint64(bits)
        y |= (tail >> np.uint64(left)) & np.uint64((1 << bits) - 1)
        _reduce(y, modulus, spare)


def _add(changed: Numbers, y: Numbers, modulus: int, spare: Numbers) -> None:
    """changed + y mod modulus, both below it: below zero wraps to something huge, so the smaller one is right."""
    changed += y
    np.subtract(changed, np.uint64(modulus), out=spare)
    np.minimum(changed, spare, out=changed)


def _subtract(changed: Numbers, y: Numbers, modulus: int, spare: Numbers) -> None:
    """changed - y mod modulus, both below it."""
    changed -= y
    np.add(changed, np.uint64(modulus), out=spare)
    np.minimum(changed, spare, out=changed)
