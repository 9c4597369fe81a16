"""Events of exactly the asked probability, from bytes of the operating system.

A uniform number is compared with a probability digit by digit, the most significant first. Only where all digits so far
are equal is another one drawn, and the digits come from rigorous bounds (`real`), so nothing is ever rounded.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from guard.anonymize.dp import real

ByteSource: TypeAlias = Callable[[int], bytes]
Oracle: TypeAlias = Callable[[int], real.Bounds]  # bits -> bounds of the probability times 2**bits
Flags: TypeAlias = npt.NDArray[np.bool_]
Words: TypeAlias = npt.NDArray[np.uint64]

WORD = 64
BUFFER = 1 << 12  # bytes asked from the system at once

system_bytes: ByteSource = os.urandom


class Buffered:
    """Bytes of the operating system, fetched in bulk; none is used twice, and what is left is dropped with it."""

    def __init__(self, source: ByteSource = system_bytes) -> None:
        self._source = source
        self._held = b""
        self._at = 0

    def __call__(self, count: int) -> bytes:
        """The next `count` bytes."""
        if count > BUFFER // 4:
            return self._source(count)
        if self._at + count > len(self._held):
            self._held, self._at = self._source(BUFFER), 0
        self._at += count
        return self._held[self._at - count : self._at]


def words(count: int, source: ByteSource) -> Words:
    """Uniform integers below 2**64."""
    return np.frombuffer(source(8 * count), dtype="<u8")


def constant(p: Fraction) -> Oracle:
    """The oracle of a rational probability."""
    return lambda bits: (real.floor_at(p, bits), real.ceil_at(p, bits))


def exp_minus(gamma: Fraction) -> Oracle:
    """The oracle of `e**-gamma`."""
    return lambda bits: real.exp(-gamma, bits)


def settle(drawn: int, bits: int, p: Oracle, source: ByteSource) -> bool:
    """Whether a uniform number is below `p`, when its first `bits` bits are `drawn`; draws more as needed."""
    while True:
        low, high = p(bits)
        if drawn + 1 <= low:
            return True
        if drawn >= high:
            return False
        drawn = (drawn << WORD) | int.from_bytes(source(WORD // 8), "big")
        bits += WORD


def happens(p: Oracle, source: ByteSource) -> bool:
    """One event of probability `p`."""
    return settle(int.from_bytes(source(WORD // 8), "big"), WORD, p, source)


def uniform_below(n: int, source: ByteSource) -> int:
    """A uniform integer of `0 ... n-1`."""
    size = n.bit_length()
    count = (size + 7) // 8
    while True:
        drawn = int.from_bytes(source(count), "big") >> (8 * count - size)
        if drawn < n:
            return drawn


class Digits:
    """Bytes of several irrational probabilities, the most significant first, to any depth.

    A probability with a finite binary expansion must not stand here: its digits could never be told from bounds.
    """

    def __init__(self, probabilities: tuple[Oracle, ...]) -> None:
        self._probabilities = probabilities
        self._rows: list[npt.NDArray[np.uint8]] = []
        self.width = len(probabilities)

    def row(self, depth: int) -> npt.NDArray[np.uint8]:
        """Byte number `depth` of each probability."""
        while len(self._rows) <= depth:
            more = max(16, 2 * len(self._rows))
            packed = b"".join(_leading(p, 8 * more).to_bytes(more, "big") for p in self._probabilities)
            self._rows = list(np.frombuffer(packed, np.uint8).reshape(self.width, more).T.copy())
        return self._rows[depth]

    def draw(self, count: int, source: ByteSource) -> Flags:
        """`count` rows of independent events, one column for each probability."""
        first = self.row(0)
        drawn = np.frombuffer(source(count * self.width), np.uint8).reshape(count, self.width)
        found = drawn < first
        open_at = np.flatnonzero(drawn == first)
        flat = found.reshape(-1)
        depth = 1
        while open_at.size:
            digit = self.row(depth)[open_at % self.width]
            more = np.frombuffer(source(open_at.size), np.uint8)
            flat[open_at] = more < digit
            open_at = open_at[more == digit]
            depth += 1
        return found


def _leading(p: Oracle, bits: int) -> int:
    """The first `bits` binary digits of an irrational probability."""
    extra = WORD
    while True:
        low, high = p(bits + extra)
        if low >> extra == high >> extra:
            return low >> extra
        extra *= 2


@lru_cache(maxsize=1)
def _powers_of_e() -> Words:
    """`floor(2**64 * e**-i)` for i = 1 ... 63; entry 0 is never looked at."""
    return np.array([0, *(_leading(exp_minus(Fraction(i)), WORD) for i in range(1, WORD))], dtype=np.uint64)


FRACTION_BITS = 58  # of a fixed-point exponent; six bits remain for the whole part
_FRACTION = np.uint64((1 << FRACTION_BITS) - 1)


def exp_minus_each(gammas: list[tuple[int, int]], source: ByteSource) -> Flags:
    """Independent events of probability `e**-(numerator/denominator)`, each exponent at least 0.

    The whole part by one comparison; the rest by the alternating series of Canonne, Kamath and Steinke
    (arXiv 2004.00010, algorithm 1), for all at once. Where a comparison of 58 bits ties, exact numbers decide.
    """
    fixed_list = [(n << FRACTION_BITS) // d for n, d in gammas]
    far = [i for i, g in enumerate(fixed_list) if g >> WORD]
    for i in far:
        fixed_list[i] = 0
    fixed = np.array(fixed_list, dtype=np.uint64)
    whole = (fixed >> np.uint64(FRACTION_BITS)).astype(np.int64)
    accepted = _whole_part(whole, source)
    accepted &= _fraction_part(fixed & _FRACTION, gammas, source)
    for i in far:
        accepted[i] = happens(exp_minus(Fraction(*gammas[i])), source)
    return accepted


def _whole_part(whole: npt.NDArray[np.int64], source: ByteSource) -> Flags:
    accepted = np.ones(whole.size, dtype=np.bool_)
    at = np.flatnonzero(whole)
    if at.size:
        digits = _powers_of_e()[whole[at]]
        drawn = words(at.size, source)
        accepted[at] = drawn < digits
        for i in np.flatnonzero(drawn == digits).tolist():
            accepted[at[i]] = settle(int(drawn[i]), WORD, exp_minus(Fraction(int(whole[at[i]]))), source)
    return accepted


def _fraction_part(fraction: Words, gammas: list[tuple[int, int]], source: ByteSource) -> Flags:
    """Stops at the first k where an event of probability `fraction / k` fails; accepted when that k is odd."""
    accepted = np.empty(fraction.size, dtype=np.bool_)
    at = np.arange(fraction.size)
    k = 1
    while at.size:
        drawn = words(at.size, source)
        leading = drawn >> np.uint64(WORD - FRACTION_BITS)
        goes_on = leading < fraction[at]
        for i in np.flatnonzero(leading == fraction[at]).tolist():
            exact = Fraction(*gammas[at[i]]) % 1
            goes_on[i] = settle(int(drawn[i]), WORD, constant(exact), source)
        if k > 1:
            goes_on &= _one_in(k, at.size, source)
        accepted[at[~goes_on]] = k % 2 == 1
        at = at[goes_on]
        k += 1
    return accepted


def _one_in(k: int, count: int, source: ByteSource) -> Flags:
    """Independent events of probability 1/k."""
    limit = np.uint64((1 << WORD) // k)
    drawn = words(count, source)
    found = drawn < limit
    for i in np.flatnonzero(drawn == limit).tolist():
        found[i] = settle(int(drawn[i]), WORD, constant(Fraction(1, k)), source)
    return found
