"""Pseudonyms by CMAC: 96 bits in hexadecimal behind the head, for matrices and for lists of texts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from guard.anonymize.crypto.cipher import BlockCipher, CipherName
from guard.anonymize.crypto.cmac import CHUNK, Cmac
from guard.anonymize.crypto.matrix import from_list, to_list

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

LETTERS: dict[CipherName, str] = {"aes": "c", "sm4": "k"}
TAG_BYTES = 12


class MacTokens:
    """Tokens under one key; `head` stands before each."""

    __slots__ = ("_head", "_mac")

    def __init__(self, cipher: BlockCipher, head: bytes) -> None:
        self._mac, self._head = Cmac(cipher), np.frombuffer(head, np.uint8)

    def of_rows(self, rows: Bytes) -> Bytes:
        """(rows, length) of UTF-8 to (rows, head + 24)."""
        out = np.empty((len(rows), len(self._head) + 2 * TAG_BYTES), np.uint8)
        self._write(rows, out)
        return out

    def of_list(self, texts: Sequence[str]) -> list[str]:
        """One token for each text."""
        found: list[str] = []
        out = np.empty((min(CHUNK, len(texts)), len(self._head) + 2 * TAG_BYTES + 1), np.uint8)
        for start in range(0, len(texts), CHUNK):
            part = texts[start : start + CHUNK]
            matrix = from_list(part)
            if matrix is None:
                return found + self._mixed(texts[start:])
            self._write(matrix, out[: len(part), :-1])
            found += to_list(out[: len(part)])
        return found

    def _mixed(self, texts: Sequence[str]) -> list[str]:
        """Texts of several lengths or of any script: by their length in bytes."""
        by_length: dict[int, list[int]] = {}
        encoded = [text.encode() for text in texts]
        for row, text in enumerate(encoded):
            by_length.setdefault(len(text), []).append(row)
        found = [""] * len(texts)
        for length, rows in by_length.items():
            matrix = np.frombuffer(b"".join([encoded[row] for row in rows]), np.uint8).reshape(len(rows), length)
            out = np.empty((len(rows), len(self._head) + 2 * TAG_BYTES + 1), np.uint8)
            self._write(matrix, out[:, :-1])
            for row, token in zip(rows, to_list(out), strict=True):
                found[row] = token
        return found

    def _write(self, rows: Bytes, out: Bytes) -> None:
        size = len(self._head)
        for start in range(0, len(rows), CHUNK):
            part = out[start : start + CHUNK]
            tags = self._mac.tags(rows[start : start + CHUNK])
            letters = _hexadecimal().take(np.ascontiguousarray(tags[:, :TAG_BYTES]).view(np.uint16))
            for column in range(size):
                part[:, column] = self._head[column]
            words, into = letters.view(np.uint64), part[:, size:].view(np.uint64)
            for column in range(words.shape[1]):
                into[:, column] = words[:, column]


@cache
def _hexadecimal() -> NDArray[np.uint32]:
    """Two bytes (as a native 16-bit number) to four lower-case letters."""
    bytes_ = np.frombuffer(b"0123456789abcdef", np.uint8)
    pairs = np.empty((256, 2), np.uint8)
    pairs[:, 0], pairs[:, 1] = bytes_[np.arange(256) >> 4], bytes_[np.arange(256) & 15]
    both = np.arange(65536, dtype=np.uint16).view(np.uint8).reshape(-1, 2)
    return pairs[both].reshape(65536, 4).view(np.uint32)[:, 0].copy()
