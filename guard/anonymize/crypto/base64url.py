"""Base64url without padding by the column: twelve bits a table lookup. One spelling only, as for one value.

Reference: RFC 4648, section 5; unused bits of the last character must be zero (section 3.5).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_BAD = 1 << 15


@cache
def _pairs() -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    """Twelve bits to two letters, and two letters to twelve bits."""
    letters = np.frombuffer(_LETTERS, np.uint8)
    table = np.empty((64, 64, 2), np.uint8)
    table[:, :, 0], table[:, :, 1] = letters[:, None], letters[None, :]
    forward = table.reshape(4096, 2).view(np.uint16).reshape(4096)
    back = np.full(65536, _BAD, np.uint16)
    back[forward] = np.arange(4096, dtype=np.uint16)
    return forward, back


def length(size: int) -> int:
    """Letters that so many bytes take."""
    return (size * 8 + 5) // 6


def size_of(letters: int) -> int | None:
    """Bytes behind so many letters; None where no number of bytes gives them."""
    return None if letters % 4 == 1 else letters * 6 // 8


def encode(data: Bytes, out: Bytes) -> None:
    """Each row of `data` as letters in the same row of `out`, whose width is `length(data.shape[1])`."""
    rows, size = data.shape
    groups = -(-size // 3)
    padded = np.zeros((rows, groups * 3), np.uint8)
    padded[:, :size] = data
    first, second, third = (padded[:, at::3].astype(np.uint16) for at in range(3))
    twelves = np.empty((rows, groups, 2), np.uint16)
    twelves[:, :, 0] = (first << 4) | (second >> 4)
    twelves[:, :, 1] = ((second & 15) << 8) | third
    letters = _pairs()[0].take(twelves.reshape(rows, -1)).view(np.uint8)
    out[:] = letters[:, : out.shape[1]]


def decode(letters: Bytes) -> tuple[Bytes, NDArray[np.bool_] | None]:
    """The bytes of each row, and which rows are not base64url in its one spelling (None: all are).

    The number of letters is one that `length` gives.
    """
    rows, count = letters.shape
    size = count * 6 // 8
    groups = -(-count // 4)
    padded = np.full((rows, groups * 4), ord("A"), np.uint8)
    padded[:, :count] = letters
    twelves = _pairs()[1].take(padded.view(np.uint16)).reshape(rows, groups, 2)
    wrong: NDArray[np.bool_] = np.bitwise_or.reduce(twelves.reshape(rows, groups * 2), axis=1) >= _BAD
    bad = wrong if wrong.any() else None
    out = np.empty((rows, groups * 3), np.uint8)
    left, right = twelves[:, :, 0], twelves[:, :, 1]
    out[:, 0::3] = left >> 4
    out[:, 1::3] = ((left & 15) << 4) | ((right >> 8) & 15)
    out[:, 2::3] = right & 255
    spare: NDArray[np.bool_] = np.bitwise_or.reduce(out[:, size:], axis=1) != 0
    if spare.any():
        bad = spare if bad is None else bad | spare
    return np.ascontiguousarray(out[:, :size]), bad
