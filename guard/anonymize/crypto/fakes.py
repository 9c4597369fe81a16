"""Invented values out of words: a place in the product of word lists, chosen by the key.

A pool is a product of lists; a place in it is one value, and different places are different values. Where a place comes
from makes the difference:

- `by_mac`: from the CMAC of the input. Same input, same fake, everywhere; two inputs may meet (birthday bound).
- `by_index`: the input is looked up in a list of all values of the key column, and its line number is permuted by FF1
  over the whole pool. Different inputs have different fakes, whatever happens, and lines added later change nothing.

References: NIST SP 800-38B, SP 800-38G. A hash modulo the size of a table, the usual way, collides; a permutation
does not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from guard.anonymize.crypto.cipher import BlockCipher
from guard.anonymize.crypto.cmac import CHUNK, Cmac
from guard.anonymize.crypto.keyed import Others
from guard.anonymize.crypto.matrix import from_list
from guard.anonymize.crypto.permutation import Permutation
from guard.anonymize.transform import File
from guard.errors import PlanError, TransformError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Places = NDArray[np.uint64]

MAX_TABLE = 100_000  # joined words of neighbouring lists that are kept ready


class Pool:
    """A product of lists of words; a word of a value stands for its list.

    INVARIANT: different places give different texts; the lists of a pool are chosen so, and a test holds each to it.
    """

    def __init__(self, *lists: Sequence[str]) -> None:
        self.lists = tuple(_merged(lists))
        self.size = math.prod(len(words) for words in self.lists)

    def at(self, places: Places) -> list[str]:
        """The value at each place below `size`."""
        columns, rest = [], places
        for words in reversed(self.lists):
            left = rest // np.uint64(len(words))
            columns.append(list(map(words.__getitem__, (rest - left * np.uint64(len(words))).tolist())))
            rest = left
        return columns[0] if len(columns) == 1 else list(map("".join, zip(*reversed(columns), strict=True)))

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Value to place, for pools that are small enough to be listed."""
        return {text: place for place, text in enumerate(self.at(np.arange(self.size, dtype=np.uint64)))}


def _merged(lists: Sequence[Sequence[str]]) -> list[list[str]]:
    """Neighbours joined while the product stays small: fewer words to put together for each value."""
    merged: list[list[str]] = []
    for words in lists:
        if merged and len(merged[-1]) * len(words) <= MAX_TABLE:
            merged[-1] = [left + right for left in merged[-1] for right in words]
        else:
            merged.append(list(words))
    return merged


class Fakes:
    """The fakes of one pool under one key."""

    def __init__(self, cipher: BlockCipher, pool: Pool) -> None:
        self._mac, self._cipher, self._pool = Cmac(cipher), cipher, pool

    def by_mac(self, texts: Sequence[str]) -> list[str]:
        """One fake for each text; two texts may meet."""
        matrix = from_list(texts)
        places = np.empty(len(texts), np.uint64)
        if matrix is not None:
            for start in range(0, len(texts), CHUNK):
                places[start : start + CHUNK] = self._places(matrix[start : start + CHUNK])
            return self._pool.at(places)
        by_length: dict[int, list[int]] = {}
        encoded = [text.encode() for text in texts]
        for row, text in enumerate(encoded):
            by_length.setdefault(len(text), []).append(row)
        for length, rows in by_length.items():
            joined = np.frombuffer(b"".join([encoded[row] for row in rows]), np.uint8)
            places[rows] = self._places(joined.reshape(len(rows), length))
        return self._pool.at(places)

    def _places(self, rows: NDArray[np.uint8]) -> Places:
        """64 bits of the tag modulo the size: with a size below 2^56 no place is likelier than another by 1 in 256."""
        return self._mac.tags(rows).view(">u8")[:, 0].astype(np.uint64) % np.uint64(self._pool.size)

    def by_index(self, texts: Sequence[str], index: Mapping[str, int]) -> list[str | None]:
        """One fake for each text in the index, None for others; different texts have different fakes.

        Raises:
            TransformError: the pool is below the floor of a permutation, or smaller than the index.
        """
        if len(index) > self._pool.size:
            msg = f"an index of {len(index):,} values does not fit a pool of {self._pool.size:,} fakes"
            raise TransformError(msg, help="use a kind with a larger pool, or tokens")
        found = [index.get(text, -1) for text in texts]
        places = np.array(found, np.int64)
        known = places >= 0
        moved = Permutation(self._cipher, self._pool.size).encrypt(places[known].astype(np.uint64))
        fakes = iter(self._pool.at(moved))
        return [next(fakes) if one else None for one in known.tolist()]


@lru_cache(maxsize=4)  # an index holds values in the clear: no more of them than a plan needs
def read_index(content: bytes) -> Mapping[str, int]:
    """The line number of each value of a key column; one value a line, each once, UTF-8.

    Raises:
        PlanError: a value stands twice, or the file is not UTF-8.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    lines = text.removesuffix("\n").split("\n")
    index = {line.removesuffix("\r"): number for number, line in enumerate(lines)}
    if not text or len(index) != len(lines):
        msg = "the index of a key column is empty, not UTF-8, or holds a value twice"
        raise PlanError(msg, help="one value a line, each once; append new values at the end")
    return index


def faked(made: Fakes, texts: Sequence[str], index: File, others: Others) -> list[str | None]:
    """What the fakes of a column are: by their index where there is one.

    Raises:
        TransformError: a value is not in the index, and `others` refuses it.
        PlanError: see `read_index`.
    """
    if not index.name:
        return list(made.by_mac(texts))
    found = made.by_index(texts, read_index(index.content))
    if others == "refuse" and None in found:
        msg = f"a value is not in the index `{index.name}` of the key column"
        raise TransformError(msg, help="append new values to the end of the index, or set `others: null`")
    return found
