"""HMAC-SHA256 (RFC 2104) of a whole column of texts, without a Python object more than the hash itself needs.

Both key pads are hashed once. What is left a value is two copies and two blocks of SHA-256 in the standard library;
the digits are made of all digests at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from guard.anonymize.crypto.matrix import spread
from guard.anonymize.hmac_sql import NUMBER_HEX, pads
from guard.model import Sensitive

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIGEST_BYTES = 32
LOOKED_AT = 1024  # values, to tell a column that repeats itself from one that does not

_WORD = 8  # bytes
_NIBBLES = np.zeros(128, np.uint8)
_NIBBLES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)
_PAIRS = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint16)


class HmacColumn:
    """HMAC-SHA256 under one key."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: Sensitive[bytes]) -> None:
        self._inner, self._outer = (hashlib.sha256(pad.reveal()) for pad in pads(key))

    def hexadecimal(self, texts: Iterable[bytes | None], count: int, size: int) -> NDArray[np.uint8]:
        """The first `size` hexadecimal digits (an even number) of the HMAC of each of `count` texts: (count, size)."""
        inner, outer, digests = self._inner.copy, self._outer.copy, []
        for text in texts:
            first, second = inner(), outer()
            first.update(text or b"")
            second.update(first.digest())
            digests.append(second.digest())
        rows = np.frombuffer(b"".join(digests), np.uint8).reshape(count, DIGEST_BYTES)
        return _PAIRS[rows[:, : size // 2]].view(np.uint8).reshape(count, size)

    def numbers(self, text: pa.Array) -> NDArray[np.int64]:
        """A whole number from 0 to 2^60 - 1 for each value of a column of plain `string`; a null counts as "".

        It is `hmac_sql.number` of the same HMAC.
        """
        if _repeats(text):
            encoded = text.fill_null("").dictionary_encode()
            return np.asarray(self._numbers(encoded.dictionary)[encoded.indices.to_numpy()], np.int64)
        return self._numbers(text)

    def _numbers(self, text: pa.Array) -> NDArray[np.int64]:
        digits = self.hexadecimal(text.cast(pa.binary()).to_pylist(), len(text), 2 * _WORD)
        values = _NIBBLES[digits].astype(np.int64)
        weights = 16 ** np.arange(NUMBER_HEX - 1, -1, -1, dtype=np.int64)
        return np.asarray((values[:, :NUMBER_HEX] * weights).sum(axis=1), np.int64)

    def tokens(self, text: pa.Array, prefix: str, size: int) -> pa.Array:
        """`prefix` and `size` digits for each value of a column of plain `string`; null stays null."""
        if _repeats(text):
            encoded = text.dictionary_encode()
            return pc.take(self._each(encoded.dictionary, prefix, size), encoded.indices)
        return spread(self._each(text.drop_null(), prefix, size), text)

    def _each(self, text: pa.Array, prefix: str, size: int) -> pa.Array:
        count, start = len(text), np.frombuffer(prefix.encode(), np.uint8)
        rows = np.empty((count, len(start) + size), np.uint8)
        rows[:, : len(start)] = start
        rows[:, len(start) :] = self.hexadecimal(text.cast(pa.binary()).to_pylist(), count, size)
        ends = np.arange(0, (count + 1) * rows.shape[1], rows.shape[1], dtype=np.int32)
        return pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(ends), pa.py_buffer(rows)])


def _repeats(text: pa.Array) -> bool:
    """True when the middle of a column shows most values more than once: then each is hashed once."""
    some = text.slice(max(len(text) // 2 - LOOKED_AT // 2, 0), LOOKED_AT)
    return bool(pc.count_distinct(some).as_py() * 2 < len(some))
