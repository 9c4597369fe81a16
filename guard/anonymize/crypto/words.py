"""Rows of bytes as 64-bit words, column after column: numpy runs along rows of two words slowly, down columns fast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Words = NDArray[np.uint64]

WORD = 8  # bytes


def flat(words: NDArray[np.uint64]) -> Bytes:
    """A contiguous array as the bytes that a cipher takes."""
    return words.view(np.uint8).reshape(-1)


def xor_block(rows: Words, block: Words, out: Words) -> None:
    """`rows` XOR one row of as many words, into `out`."""
    for column in range(len(block)):
        np.bitwise_xor(rows[:, column], block[column], out=out[:, column])


def xor(left: Bytes, right: Bytes, out: Bytes) -> None:
    """Rows XOR rows, of any width; the bytes of a row are contiguous in all three."""
    whole = out.shape[1] // WORD * WORD
    if whole:
        a, b, c = (rows[:, :whole].view(np.uint64) for rows in (left, right, out))
        for column in range(c.shape[1]):
            np.bitwise_xor(a[:, column], b[:, column], out=c[:, column])
    for column in range(whole, out.shape[1]):
        np.bitwise_xor(left[:, column], right[:, column], out=out[:, column])


def copy(rows: Bytes, out: Bytes) -> None:
    """Rows into rows of the same width; the bytes of a row are contiguous in both."""
    whole = out.shape[1] // WORD * WORD
    if whole:
        a, b = rows[:, :whole].view(np.uint64), out[:, :whole].view(np.uint64)
        for column in range(b.shape[1]):
            b[:, column] = a[:, column]
    for column in range(whole, out.shape[1]):
        out[:, column] = rows[:, column]
