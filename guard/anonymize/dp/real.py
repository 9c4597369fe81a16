"""Bounds of real numbers in integers: the true value lies between the two, always.

A real x is held as integers `(low, high)` with `low <= x * 2**bits <= high`. Nothing here is a float, so what rests
on it (probabilities of the samplers, conversions of the accountant, thresholds) cannot round in the wrong direction.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import isqrt

from guard.errors import UsageError

MAX_EXPONENT = 1 << 16  # e**x is computed up to this x
GUARD_BITS = 16  # beyond the asked precision, while computing

Bounds = tuple[int, int]


def floor_div(a: int, b: int) -> int:
    """The quotient rounded down."""
    return a // b


def ceil_div(a: int, b: int) -> int:
    """The quotient rounded up."""
    return -(-a // b)


def floor_at(x: Fraction, bits: int) -> int:
    """The largest integer at most `x * 2**bits`."""
    return (x.numerator << bits) // x.denominator


def ceil_at(x: Fraction, bits: int) -> int:
    """The smallest integer at least `x * 2**bits`."""
    return -((-x.numerator << bits) // x.denominator)


def exp(x: Fraction, bits: int) -> Bounds:
    """Bounds of `e**x`.

    Raises:
        UsageError: `x` is over `MAX_EXPONENT`.
    """
    if x < 0:
        if -x >= bits:
            return 0, 1  # e**-bits < 2**-bits
        fine = bits + GUARD_BITS
        low, high = exp(-x, fine)
        return (1 << (fine + bits)) // high, ceil_div(1 << (fine + bits), low)
    if x > MAX_EXPONENT:
        raise UsageError(f"e is not raised to more than `{MAX_EXPONENT}`", help="use a smaller epsilon")
    whole = int(x)
    halvings = whole.bit_length() + 8
    # Each squaring doubles the relative error, and the result is up to 2**(1.5 x) in size.
    fine = bits + halvings + whole + (whole >> 1) + GUARD_BITS
    y = x / (1 << halvings)
    step_low, step_high = floor_at(y, fine), ceil_at(y, fine)
    term_low = term_high = low = high = 1 << fine
    n = 1
    while term_high > 1:
        term_low = (term_low * step_low >> fine) // n
        term_high = ceil_div(-(-term_high * step_high >> fine), n)
        low += term_low
        high += term_high
        n += 1
    high += 2  # what follows shrinks by more than half each time
    for _ in range(halvings):
        low = low * low >> fine
        high = -(-high * high >> fine)
    return low >> (fine - bits), -(-high >> (fine - bits))


def _atanh(x: Fraction, bits: int) -> Bounds:
    """Bounds of the inverse hyperbolic tangent for `0 <= x <= 1/2`: the sum of `x**n / n` over odd n."""
    fine = bits + GUARD_BITS
    square_low, square_high = floor_at(x * x, fine), ceil_at(x * x, fine)
    power_low, power_high = floor_at(x, fine), ceil_at(x, fine)
    low = high = 0
    n = 1
    while power_high > 1:
        low += power_low // n
        high += ceil_div(power_high, n)
        power_low = power_low * square_low >> fine
        power_high = -(-power_high * square_high >> fine)
        n += 2
    high += 2
    return low >> GUARD_BITS, -(-high >> GUARD_BITS)


@lru_cache(maxsize=64)
def log_two(bits: int) -> Bounds:
    """Bounds of the natural logarithm of 2."""
    low, high = _atanh(Fraction(1, 3), bits + 2)
    return low >> 1, -(-high >> 1)


def log(x: Fraction, bits: int) -> Bounds:
    """Bounds of the natural logarithm of a positive `x`.

    Raises:
        UsageError: `x` is not positive.
    """
    if x <= 0:
        raise UsageError("the logarithm of what is not positive is asked for", help="give a positive number")
    if x < 1:
        low, high = log(1 / x, bits)
        return -high, -low
    doublings = x.numerator.bit_length() - x.denominator.bit_length()
    fine = bits + doublings.bit_length() + GUARD_BITS
    m = x / (1 << doublings) if doublings >= 0 else x * (1 << -doublings)
    if m < 1:
        m, doublings = m * 2, doublings - 1
    low, high = _atanh((m - 1) / (m + 1), fine)
    two_low, two_high = log_two(fine)
    low, high = 2 * low + doublings * two_low, 2 * high + doublings * two_high
    return low >> (fine - bits), -(-high >> (fine - bits))


def sqrt(x: Fraction, bits: int) -> Bounds:
    """Bounds of the square root of `x >= 0`."""
    low = isqrt(floor_at(x, 2 * bits))
    top = ceil_at(x, 2 * bits)
    high = isqrt(top)
    return low, high if high * high == top else high + 1


@lru_cache(maxsize=64)
def pi(bits: int) -> Bounds:
    """Bounds of pi, by Machin's formula."""
    fine = bits + GUARD_BITS
    five, other = _arctan_inverse(5, fine), _arctan_inverse(239, fine)
    low, high = 16 * five[0] - 4 * other[1], 16 * five[1] - 4 * other[0]
    return low >> GUARD_BITS, -(-high >> GUARD_BITS)


def _arctan_inverse(n: int, bits: int) -> Bounds:
    """Bounds of arctan(1/n): an alternating series, so each error is at most one unit a term and one for the rest."""
    total, power, k, terms = 0, (1 << bits) // n, 1, 0
    while power:
        total += power // k if terms % 2 == 0 else -(power // k)
        power //= n * n
        k += 2
        terms += 1
    return total - 2 * terms - 1, total + 2 * terms + 1


def normal_tail(x: Fraction, bits: int) -> Bounds:
    """Bounds of P(Z >= x) for a standard normal Z.

    `1/2 - e**(-x**2/2) / sqrt(2 pi) * sum of x**(2n+1) / (2n+1)!!`: all terms of the sum are positive.
    """
    if x < 0:
        low, high = normal_tail(-x, bits)
        return (1 << bits) - high, (1 << bits) - low
    if x * x >= 2 * bits:
        return 0, 1  # the tail is under e**(-x**2/2) < 2**-bits
    half_square = x * x / 2
    fine = bits + 2 * int(half_square) + 2 * GUARD_BITS
    square_low, square_high = floor_at(x * x, fine), ceil_at(x * x, fine)
    term_low, term_high = floor_at(x, fine), ceil_at(x, fine)
    low = high = 0
    odd = 1
    while term_high > 1 or odd <= 4 * half_square:
        low += term_low
        high += term_high
        odd += 2
        term_low = (term_low * square_low >> fine) // odd
        term_high = ceil_div(-(-term_high * square_high >> fine), odd)
    high += 4  # from here each term is under half the one before
    scale_low, scale_high = exp(-half_square, fine)
    pi_low, pi_high = pi(fine)
    root_low, root_high = isqrt(2 * pi_low << fine), isqrt(2 * pi_high << fine) + 1
    near_low = ((low * scale_low >> fine) << fine) // root_high
    near_high = ceil_div(-(-high * scale_high >> fine) << fine, root_low)
    half = 1 << (fine - 1)
    return max(0, (half - near_high) >> (fine - bits)), -(-(half - near_low) >> (fine - bits))
