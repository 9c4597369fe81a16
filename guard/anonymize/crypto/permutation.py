"""A keyed permutation of the whole numbers below N, for any N of a million or more.

FF1 over two numerals of radix r = ceil(sqrt(N)) permutes r*r numbers, a handful more than N; results that are not below
N go through it again until they are (cycle walking), which keeps it a permutation of exactly N numbers. This is what
dates, identifiers with a check digit and places in a table of names are permuted by: the joint domain, not its parts.

References: NIST SP 800-38G; Black and Rogaway, Ciphers with arbitrary finite domains (2002), cycle walking.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from guard.anonymize.crypto.cipher import BlockCipher
from guard.anonymize.crypto.feistel import MAX_RADIX, Feistel
from guard.anonymize.crypto.feistel_batch import FeistelBatch
from guard.anonymize.crypto.ff1 import FLOOR
from guard.errors import TransformError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.uint64]

MAX_NUMERALS = 6  # 65536 ** 6 is more than 64 bits hold
MAX_DOMAIN = 2**56
MAX_WALK = 10_000  # steps of one number; by chance more than 100 would need a domain that fills less than half


class Permutation:
    """Permutes 0 .. size-1 under one cipher. With `row_tweak_bytes` each number has a tweak of its own.

    >>> from guard.anonymize.crypto.cipher import cipher
    >>> from guard.model import Sensitive
    >>> small = Permutation(cipher("aes", Sensitive(bytes(16))), 1_000_003)
    >>> there = small.encrypt(np.arange(3, dtype=np.uint64))
    >>> small.decrypt(there).tolist()
    [0, 1, 2]
    """

    __slots__ = ("_batch", "_split", "size")

    def __init__(self, cipher: BlockCipher, size: int, *, row_tweak_bytes: int = 0) -> None:
        if not FLOOR <= size <= MAX_DOMAIN:
            msg = f"a domain of {size:,} values is not between the floor of {FLOOR:,} and {MAX_DOMAIN:,}"
            raise TransformError(msg, help="permute a joint domain: more of the identifier at once")
        radix, numerals = shape(size)
        core = Feistel(cipher, radix, numerals, bytes(row_tweak_bytes))
        if not FeistelBatch.fits(core, row_tweak=row_tweak_bytes):
            msg = f"a tweak of {row_tweak_bytes} bytes does not fit a domain of {size:,} values"
            raise TransformError(msg, help="use a tweak of at most 8 bytes")
        self.size, self._batch, self._split = size, FeistelBatch(cipher, core), core.high

    def encrypt(self, numbers: Numbers, tweaks: Numbers | None = None) -> Numbers:
        """Where each number goes; all are below `size`."""
        return self._walk(numbers, tweaks, forward=True)

    def decrypt(self, numbers: Numbers, tweaks: Numbers | None = None) -> Numbers:
        """Where each number came from; all are below `size`."""
        return self._walk(numbers, tweaks, forward=False)

    def _walk(self, numbers: Numbers, tweaks: Numbers | None, *, forward: bool) -> Numbers:
        # INVARIANT: every number is below `size`; a walk that begins outside may never come in.
        found = self._once(numbers, tweaks, forward=forward)
        outside = np.flatnonzero(found >= np.uint64(self.size))
        for _ in range(MAX_WALK):
            if not len(outside):
                return found
            again = self._once(found[outside], None if tweaks is None else tweaks[outside], forward=forward)
            found[outside] = again
            outside = outside[again >= np.uint64(self.size)]
        msg = "a number did not come back into its domain"
        raise TransformError(msg, help="this is a fault of guard: numbers above the domain were permuted")

    def _once(self, numbers: Numbers, tweaks: Numbers | None, *, forward: bool) -> Numbers:
        a = numbers // np.uint64(self._split)
        b = numbers - a * np.uint64(self._split)
        (self._batch.encrypt if forward else self._batch.decrypt)(a, b, tweaks)
        a *= np.uint64(self._split)
        a += b
        return a


def shape(size: int) -> tuple[int, int]:
    """Radix and count of numerals: the fewest numerals whose radix is allowed, and the smallest such radix.

    >>> shape(73_049_000)
    (8547, 2)
    """
    for numerals in range(2, MAX_NUMERALS + 1):
        radix = math.isqrt(size - 1) + 1 if numerals == 2 else round(size ** (1 / numerals))
        while radix**numerals < size:
            radix += 1
        if radix <= MAX_RADIX:
            return radix, numerals
    msg = f"a domain of {size:,} values is too large"
    raise TransformError(msg, help=f"the largest is {MAX_DOMAIN:,}")
