"""Exact noise on the integers, from operating-system randomness: discrete Laplace and discrete Gaussian.

No float touches a draw and no draw can be repeated: there is no seed. Distributions after Canonne, Kamath and
Steinke, *The Discrete Gaussian for Differential Privacy* (arXiv 2004.00010). The Laplace magnitude is drawn bit by
bit: the binary digits of a geometric variable are independent, so one comparison a bit is exact at any scale and
takes the same time whatever comes out.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import isqrt

import numpy as np

from guard.anonymize.dp import chance, real
from guard.anonymize.dp.chance import Buffered, ByteSource, Digits, Oracle
from guard.errors import UsageError

MAX_SCALE = 1 << 128  # of Laplace noise, and of the standard deviation of Gaussian noise
MAX_BITS = 4096  # of a numerator or denominator
TAIL = 64  # 2**bits / scale from which the higher bits are drawn together: they are 0 but for e**-64
BLOCK = 1 << 14  # draws at once


def laplace(scale: Fraction, n: int) -> list[int]:
    """`n` independent integers with P(x) proportional to `exp(-abs(x) / scale)`.

    Raises:
        UsageError: the scale is not in `(0, MAX_SCALE]`, or has more than `MAX_BITS` bits; `n` is negative.
    """
    return draw_laplace(scale, n, Buffered())


def gaussian(sigma_squared: Fraction, n: int) -> list[int]:
    """`n` independent integers with P(x) proportional to `exp(-x**2 / (2 * sigma_squared))`.

    Raises:
        UsageError: the parameter is not in `(0, MAX_SCALE**2]`, or has more than `MAX_BITS` bits; `n` is negative.
    """
    return draw_gaussian(sigma_squared, n, Buffered())


def draw_laplace(scale: Fraction, n: int, source: ByteSource) -> list[int]:
    """`laplace` from given bytes; the tests of exactness count them. Never pass bytes that can be foreseen."""
    _check(scale, MAX_SCALE, n)
    magnitude = _magnitude(scale)
    drawn: list[int] = []
    while len(drawn) < n:
        drawn += magnitude.signed(min(BLOCK, n - len(drawn) + 8), source)
    return drawn[:n]


def draw_gaussian(sigma_squared: Fraction, n: int, source: ByteSource) -> list[int]:
    """`gaussian` from given bytes; see `draw_laplace`. Rejection from a Laplace of the scale `floor(sigma) + 1`."""
    _check(sigma_squared, MAX_SCALE**2, n)
    a, c = sigma_squared.numerator, sigma_squared.denominator
    t = isqrt(a // c) + 1
    magnitude = _magnitude(Fraction(t))
    step, below = c * t, 2 * a * c * t * t  # gamma = (|y| - sigma**2/t)**2 / (2 sigma**2) = (|y| c t - a)**2 / below
    drawn: list[int] = []
    while len(drawn) < n:
        wanted = n - len(drawn)
        candidates = magnitude.signed(min(BLOCK, wanted + (wanted >> 1) + 16), source)
        gammas = [((abs(y) * step - a) ** 2, below) for y in candidates]
        keep = chance.exp_minus_each(gammas, source).tolist()
        drawn += [y for y, kept in zip(candidates, keep, strict=True) if kept]
    return drawn[:n]


def _check(parameter: Fraction, most: int, n: int) -> None:
    if type(parameter) not in {Fraction, int}:
        raise UsageError("the scale of noise is not an exact number", help="give a Fraction")
    if not 0 < parameter <= most:
        raise UsageError(f"the scale of noise is not in (0, {most}]", help="give a positive scale")
    if max(parameter.numerator.bit_length(), parameter.denominator.bit_length()) > MAX_BITS:
        raise UsageError(f"the scale of noise has more than {MAX_BITS} bits", help="round it up to a shorter fraction")
    if n < 0:
        raise UsageError("a negative number of draws is asked for", help="ask for none or more")


class _Magnitude:
    """|X| of a discrete Laplace variable X of one scale: a geometric variable, given that (sign, 0) is drawn again."""

    def __init__(self, scale: Fraction) -> None:
        bits = (real.ceil_div(TAIL * scale.numerator, scale.denominator) - 1).bit_length()  # 2**bits >= TAIL * scale
        self._bits = bits
        self._tail = Fraction(1 << bits) / scale
        powers = _Squares(Fraction(1) / scale, bits)
        low = tuple(_logistic(powers, i) for i in range(bits))
        self._digits = Digits((*low, powers.oracle(bits)))

    def signed(self, count: int, source: ByteSource) -> list[int]:
        """At most `count` draws: those that came out as minus zero are left out."""
        flags = self._digits.draw(count, source)
        negative = (np.frombuffer(source(count), np.uint8) & 1).astype(np.bool_)
        magnitudes = self._assemble(flags[:, : self._bits])
        for i in np.flatnonzero(flags[:, self._bits]).tolist():
            magnitudes[i] += self._beyond(source) << self._bits
        return [-x if minus else x for x, minus in zip(magnitudes, negative.tolist(), strict=True) if x or not minus]

    def _assemble(self, flags: chance.Flags) -> list[int]:
        packed = np.packbits(flags, axis=1, bitorder="little")
        count, size = packed.shape
        if size <= 8:
            wide = np.zeros((count, 8), dtype=np.uint8)
            wide[:, :size] = packed
            found: list[int] = wide.view("<u8").reshape(-1).tolist()
            return found
        raw = packed.tobytes()
        return [int.from_bytes(raw[i : i + size], "little") for i in range(0, count * size, size)]

    def _beyond(self, source: ByteSource) -> int:
        """How many times 2**bits, given that it is at least once."""
        times = 1
        while chance.happens(chance.exp_minus(self._tail), source):
            times += 1
        return times


@lru_cache(maxsize=256)
def _magnitude(scale: Fraction) -> _Magnitude:
    return _Magnitude(scale)


class _Squares:
    """Bounds of `e**(-x 2**i)` for i up to `last`: one exponential, and each of the others is the square of one."""

    def __init__(self, x: Fraction, last: int) -> None:
        self._x = x
        self._last = last
        self._known: tuple[int, list[real.Bounds]] = (0, [])

    def oracle(self, i: int) -> Oracle:
        """Of one of them."""
        return lambda bits: self.bounds(i, bits)

    def bounds(self, i: int, bits: int) -> real.Bounds:
        """Squaring a number under 1 doubles its error at most and adds one unit, so each takes one guard bit."""
        known, found = self._known
        if known != bits:
            fine = bits + self._last + real.GUARD_BITS
            low, high = real.exp(-self._x, fine)
            found = [(low, high)]
            for _ in range(self._last):
                low, high = low * low >> fine, -(-high * high >> fine)
                found.append((low, high))
            self._known = (bits, found)  # one assignment: other threads see the old or the new
        low, high = found[i]
        shift = self._last + real.GUARD_BITS
        return low >> shift, -(-high >> shift)


def _logistic(powers: _Squares, i: int) -> Oracle:
    """The oracle of `1 / (1 + e**x)`, the probability of a bit whose place weighs `x`; `powers` hold `e**-x`."""

    def bounds(bits: int) -> real.Bounds:
        fine = bits + real.GUARD_BITS
        low, high = powers.bounds(i, fine)  # 1 / (1 + e**x) = y / (1 + y), which grows with y = e**-x
        one = 1 << fine
        return (low << bits) // (one + low), real.ceil_div(high << bits, one + high)

    return bounds
