"""Decimal digits by the column: eight at a time, as one 64-bit word.

A matrix of ASCII text (one row a value) is read as little-endian words, and pairs, fours and eights of digits are
joined by three multiplications; printing goes the same way back. Everything works in place on arrays of a chunk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.uint64]
    Matrix = NDArray[Any]

WORD = 8  # digits
MAX_WIDTH = 19  # digits that always fit 64 bits

_ZEROS = np.uint64(0x3030303030303030)
_HIGH = np.uint64(0xF0F0F0F0F0F0F0F0)
_SIXES = np.uint64(0x0606060606060606)
_LOW = np.uint64(0x0F0F0F0F0F0F0F0F)
_TEN_8 = np.uint64(10**8)


def parse(matrix: Matrix) -> tuple[Numbers, NDArray[np.bool_] | None]:
    """The number in each row of 1 to 19 ASCII digits, and which rows hold something else (None: none do)."""
    rows, width = matrix.shape
    words = _words(matrix, rows, width)
    shape = ((words & _HIGH) ^ _ZEROS) | (((words + _SIXES) & _HIGH) ^ _ZEROS)
    bad: NDArray[np.bool_] | None = np.any(shape, axis=1) if shape.any() else None
    words &= _LOW
    for times, shift, mask in ((10, 8, 0x00FF00FF00FF00FF), (100, 16, 0x0000FFFF0000FFFF), (10000, 32, 0xFFFFFFFF)):
        spare = words >> np.uint64(shift)
        words *= np.uint64(times)
        words += spare
        words &= np.uint64(mask)
    number = words[:, 0]
    for column in range(1, words.shape[1]):
        number = number * _TEN_8 + words[:, column]
    return np.ascontiguousarray(number), bad


def _words(matrix: Matrix, rows: int, width: int) -> Numbers:
    count = -(-width // WORD)
    if width % WORD == 0 and matrix.strides[1] == 1:  # unaligned words out of the rows, without a copy by byte
        return matrix.view("<u8").astype(np.uint64)
    padded = np.full((rows, count * WORD), ord("0"), np.uint8)
    padded[:, count * WORD - width :] = matrix
    return padded.view("<u8").astype(np.uint64, copy=False)


def write(numbers: Numbers, out: Matrix) -> None:
    """Prints each number with leading zeros into a row of `out`; the numbers have at most that many digits."""
    rows, width = out.shape
    count = -(-width // WORD)
    direct = width % WORD == 0 and out.strides[1] == 1
    if direct:
        words, padded = out.view("<u8"), out
    else:
        padded = np.empty((rows, count * WORD), np.uint8)
        words = padded.view("<u8")
    rest = numbers
    for column in range(count - 1, -1, -1):
        if column:
            left = rest // _TEN_8
            words[:, column] = _eight(rest - left * _TEN_8)
            rest = left
        else:
            words[:, column] = _eight(rest)
    if not direct:
        out[:] = padded[:, count * WORD - width :]


def _eight(number: Numbers) -> Numbers:
    """Numbers below 10^8 as eight ASCII digits in a little-endian word."""
    x = number // np.uint64(10000)
    x |= (number - x * np.uint64(10000)) << np.uint64(32)
    for times, shift, mask, hundred, at in (
        (10486, 20, 0x0000007F0000007F, 100, 16),
        (103, 10, 0x000F000F000F000F, 10, 8),
    ):
        head = x * np.uint64(times)
        head >>= np.uint64(shift)
        head &= np.uint64(mask)
        x -= head * np.uint64(hundred)
        x <<= np.uint64(at)
        x |= head
    x |= _ZEROS
    return x
