"""Numbers with a prefix that stays: the digits behind it are permuted by FF1 with the prefix as tweak.

Bank cards keep six digits of issuer (BIN) and end in the check digit of the result; mobile numbers keep their first
three. Both leave 10^6 values or more in the middle. "BIN and the last four" would leave 10^5 and cannot be had.

References: ISO/IEC 7812-1 (issuer, Luhn check digit); NIST SP 800-38G; PCI DSS 4.0, 3.4.1 (BIN and last four are for
display).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guard.anonymize.crypto import digits
from guard.anonymize.crypto.cipher import BlockCipher
from guard.anonymize.crypto.cmac import CHUNK
from guard.anonymize.crypto.feistel import Feistel
from guard.anonymize.crypto.feistel_batch import FeistelBatch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Bad = NDArray[np.bool_]

BIN_DIGITS = 6
CARD_WIDTHS = range(13, 20)  # 13 leaves six digits between issuer and check digit: the floor itself
MOBILE_DIGITS, MOBILE_PREFIX = 11, 3
TWEAK_BYTES = 3  # of a prefix below 10^6


class TailDigits:
    """Permutes the digits from `prefix` on, without the last one where that is a Luhn digit."""

    __slots__ = ("_batch", "_luhn", "_prefix", "width")

    def __init__(self, cipher: BlockCipher, width: int, *, prefix: int, luhn_digits: int = 0) -> None:
        self.width, self._prefix, self._luhn = width, prefix, luhn_digits
        core = Feistel(cipher, 10, width - prefix - self._luhn, bytes(TWEAK_BYTES))
        self._batch = FeistelBatch(cipher, core)

    def encrypt(self, rows: Bytes) -> tuple[Bytes, Bad | None]:
        """(rows, width) to (rows, width), and which rows are no digits or have a wrong check digit (None: none)."""
        return self._all(rows, forward=True)

    def decrypt(self, rows: Bytes) -> tuple[Bytes, Bad | None]:
        """The way back."""
        return self._all(rows, forward=False)

    def _all(self, rows: Bytes, *, forward: bool) -> tuple[Bytes, Bad | None]:
        out, bad = np.empty(rows.shape, np.uint8), np.zeros(len(rows), np.bool_)
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            self._chunk(rows[part], out[part], bad[part], forward=forward)
        return out, bad if bad.any() else None

    def _chunk(self, rows: Bytes, out: Bytes, bad: Bad, *, forward: bool) -> None:
        end = self.width - self._luhn
        cut = self._prefix + (end - self._prefix) // 2
        parts = [digits.parse(rows[:, at:to]) for at, to in ((0, self._prefix), (self._prefix, cut), (cut, end))]
        for _, wrong in parts:
            if wrong is not None:
                bad |= wrong
        if self._luhn:
            bad |= luhn(rows[:, :end]) != rows[:, end]
        tweak, a, b = (numbers for numbers, _ in parts)
        if bad.any():
            tweak[bad], a[bad], b[bad] = 0, 0, 0
        (self._batch.encrypt if forward else self._batch.decrypt)(a, b, tweak)
        out[:, : self._prefix] = rows[:, : self._prefix]
        digits.write(a, out[:, self._prefix : cut])
        digits.write(b, out[:, cut:end])
        if self._luhn:
            out[:, end] = luhn(out[:, :end])


def bank_cards(cipher: BlockCipher, width: int) -> TailDigits:
    """Bank cards of one width, which is one of `CARD_WIDTHS`."""
    return TailDigits(cipher, width, prefix=BIN_DIGITS, luhn_digits=1)


class Mobiles(TailDigits):
    """Mobile numbers of the mainland: 1, 3 to 9, and nine more digits."""

    __slots__ = ()

    def __init__(self, cipher: BlockCipher) -> None:
        super().__init__(cipher, MOBILE_DIGITS, prefix=MOBILE_PREFIX)

    def _chunk(self, rows: Bytes, out: Bytes, bad: Bad, *, forward: bool) -> None:
        bad |= (rows[:, 0] != ord("1")) | (rows[:, 1] < ord("3")) | (rows[:, 1] > ord("9"))
        super()._chunk(rows, out, bad, forward=forward)


def luhn(rows: Bytes) -> NDArray[np.uint8]:
    """The check digit, as a character, that belongs behind each row of digits."""
    total = np.zeros(len(rows), np.uint8)  # at most 18 digits of 9
    for place, column in enumerate(range(rows.shape[1] - 1, -1, -1)):
        digit = rows[:, column] & 15
        if place % 2 == 0:
            digit = digit * np.uint8(2)
            np.minimum(digit, digit - np.uint8(9), out=digit)  # below 9 it wraps, and the double itself is right
        total += digit
    return (np.uint8(10) - total % np.uint8(10)) % np.uint8(10) + np.uint8(ord("0"))
