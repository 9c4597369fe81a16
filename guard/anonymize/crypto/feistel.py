"""The Feistel rounds of FF1, one value at a time, for any radix and any length; `feistel_batch.py` has the column form.

This is the algorithm and no more: the floor of a million values, without which format-preserving encryption is a
small code book that can be tabulated, is kept by those who use it (`ff1.py`, `permutation.py`).

Reference: NIST SP 800-38G (2016), algorithms 7 (FF1.Encrypt) and 8 (FF1.Decrypt).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from guard.anonymize.crypto.cipher import BLOCK, BlockCipher
from guard.errors import TransformError

ROUNDS = 10
MIN_RADIX, MAX_RADIX = 2, 65536
MIN_LENGTH = 2
MAX_LENGTH = 4096  # numerals of one value; the standard allows 2^32, and a cell is never a book

_FIRST = struct.Struct(">Q8x")


class Feistel:
    """FF1 under one cipher, radix, length and tweak. Numbers in and out are the two halves, most significant first.

    Attributes:
        low, high: radix^u and radix^v, the sizes of the left and the right half (u = length // 2).
        b: bytes that hold a half; d: bytes of the round function that are used (steps 3 and 4).
    """

    __slots__ = ("_cipher", "_start", "_tail", "_template", "b", "d", "high", "length", "low", "radix", "tweak")

    def __init__(self, cipher: BlockCipher, radix: int, length: int, tweak: bytes = b"") -> None:
        if not MIN_RADIX <= radix <= MAX_RADIX or not MIN_LENGTH <= length <= MAX_LENGTH:
            msg = f"FF1 takes a radix of {MIN_RADIX} to {MAX_RADIX} and {MIN_LENGTH} to {MAX_LENGTH} numerals"
            raise TransformError(msg, help="leave shorter values out, or permute them jointly with another column")
        left, right = length // 2, length - length // 2
        self.radix, self.length, self.tweak, self._cipher = radix, length, tweak, cipher
        self.low, self.high = int(radix**left), int(radix**right)
        # From the exact bit length: with floating logarithms b is wrong for some radixes (Wycheproof, doc/ff1.md).
        self.b = ((self.high - 1).bit_length() + 7) // 8
        self.d = 4 * ((self.b + 3) // 4) + 4
        fixed = tweak + bytes(-(len(tweak) + self.b + 1) % BLOCK)
        whole = len(fixed) // BLOCK * BLOCK
        self._start = self._mac(cipher.block(header(radix, length, left, len(tweak))), fixed[:whole])
        self._tail = fixed[whole:]
        self._template = int.from_bytes(self._start) ^ int.from_bytes(self._tail.ljust(BLOCK, b"\0"))

    @property
    def domain(self) -> int:
        """How many values are permuted."""
        return self.low * self.high

    @property
    def template(self) -> int | None:
        """The last block before round number and half are put in, as a number; None where they need several blocks."""
        return self._template if self.b < BLOCK and self.d <= BLOCK else None

    def encrypt(self, a: int, b: int) -> tuple[int, int]:
        """The halves after ten rounds."""
        low, high = self.low, self.high
        for step in range(0, ROUNDS, 2):
            a = (a + self._round(step, b)) % low
            b = (b + self._round(step + 1, a)) % high
        return a, b

    def decrypt(self, a: int, b: int) -> tuple[int, int]:
        """The halves before ten rounds."""
        low, high = self.low, self.high
        for step in range(ROUNDS - 1, 0, -2):
            b = (b - self._round(step, a)) % high
            a = (a - self._round(step - 1, b)) % low
        return a, b

    def numerals(self, values: Iterable[int], *, inverse: bool = False) -> list[int]:
        """The whole algorithm on numerals, most significant first.

        Raises:
            TransformError: another count than `length`, or a numeral that is not below the radix.
        """
        given = list(values)
        if len(given) != self.length or not all(0 <= numeral < self.radix for numeral in given):
            msg = f"a value is not {self.length} numerals below {self.radix}"
            raise TransformError(msg, help="see the alphabet of the transform")
        cut = self.length // 2
        a, b = self._number(given[:cut]), self._number(given[cut:])
        a, b = self.decrypt(a, b) if inverse else self.encrypt(a, b)
        return [*self._digits(a, cut), *self._digits(b, self.length - cut)]

    def _number(self, numerals: list[int]) -> int:
        number = 0
        for numeral in numerals:
            number = number * self.radix + numeral
        return number

    def _digits(self, number: int, count: int) -> list[int]:
        found = []
        for _ in range(count):
            number, digit = divmod(number, self.radix)
            found.append(digit)
        return found[::-1]

    def _round(self, step: int, half: int) -> int:
        """y of step 6: the first d bytes of the CBC-MAC, drawn out in counter fashion where d is more than a block."""
        block = self._cipher.block
        if self.b < BLOCK:
            out = block((self._template ^ (step << (8 * self.b)) ^ half).to_bytes(BLOCK))
            if self.d == 8:
                return int(_FIRST.unpack(out)[0])
        else:
            out = self._mac(self._start, self._tail + bytes((step,)) + half.to_bytes(self.b))
        if self.d > BLOCK:
            start = int.from_bytes(out)
            blocks = (block((start ^ count).to_bytes(BLOCK)) for count in range(1, (self.d + BLOCK - 1) // BLOCK))
            out += b"".join(blocks)
        return int.from_bytes(out[: self.d])

    def _mac(self, state: bytes, data: bytes) -> bytes:
        for at in range(0, len(data), BLOCK):
            block = int.from_bytes(state) ^ int.from_bytes(data[at : at + BLOCK])
            state = self._cipher.block(block.to_bytes(BLOCK))
        return state


def header(radix: int, length: int, left: int, tweak_bytes: int) -> bytes:
    """P of step 5."""
    return b"".join(
        (
            b"\x01\x02\x01",
            radix.to_bytes(3),
            bytes((ROUNDS, left % 256)),
            length.to_bytes(4),
            tweak_bytes.to_bytes(4),
        )
    )
