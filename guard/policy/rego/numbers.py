"""Numbers as OPA computes and prints them.

Integers are exact. Everything else is computed as Go's `big.Float` with a mantissa of 64 bits, rounded half to
even, and printed as the shortest decimal that reads back to the same 64 bits; so 0.1 + 0.2 is 0.3 and 1 / 3 is
0.33333333333333333334. A decimal that a Python float prints alike is kept as that float, any other as `Decimal`;
with this one rule equal numbers stay equal in Python.
"""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Final, TypeAlias

from guard.policy.rego.errors import BuiltinError, LimitError

Number: TypeAlias = int | float | Decimal

MANTISSA_BITS: Final = 64
MAX_INTEGER_BITS: Final = 8192  # 2,466 digits; products cannot grow without end
MAX_EXPONENT: Final = 2400  # decimal; larger numbers are refused instead of filling memory
MAX_DIGITS: Final = 2400


class NumberTextError(ValueError):
    """A text that is not a JSON number, or one beyond the limits above."""


def parse_number(text: str) -> Number:
    """The number a JSON literal stands for, exactly.

    Raises:
        NumberTextError: not a number, or too large.
    """
    if len(text) > MAX_DIGITS:
        raise NumberTextError("number has too many digits")
    try:
        return int(text)
    except ValueError:
        pass
    try:
        exact = Decimal(text)
    except InvalidOperation as error:
        raise NumberTextError("not a number") from error
    if not exact.is_finite() or abs(exact.adjusted()) > MAX_EXPONENT:
        raise NumberTextError("number is too large")
    return _canonical(exact)


def _canonical(exact: Decimal) -> Number:
    near = float(exact)
    if math.isfinite(near) and Decimal(repr(near)) == exact:
        return near
    if exact == exact.to_integral_value():
        return int(exact)
    return exact


def number_text(number: Number) -> str:
    """The JSON literal of a number."""
    if type(number) is float and not math.isfinite(number):
        raise BuiltinError("a number is not finite")
    return repr(number) if type(number) is float else str(number)


def fraction(number: Number) -> Fraction:
    """The value as `big.Float` reads it from its text: 64 bits of mantissa."""
    if type(number) is int:
        return Fraction(number) if number.bit_length() <= MANTISSA_BITS else _round(Fraction(number))
    return _round(Fraction(Decimal(number_text(number))))


def _round(value: Fraction) -> Fraction:
    """The nearest number with 64 bits of mantissa; ties to even."""
    if value == 0:
        return value
    top, bottom = abs(value.numerator), value.denominator
    shift = MANTISSA_BITS - (top.bit_length() - bottom.bit_length())
    scaled = _scale(top, bottom, shift)
    if scaled >= 1 << MANTISSA_BITS:
        shift -= 1
    elif scaled < 1 << (MANTISSA_BITS - 1):
        shift += 1
    mantissa = round(Fraction(top << shift, bottom) if shift >= 0 else Fraction(top, bottom << -shift))
    sign = -1 if value < 0 else 1
    return sign * (Fraction(mantissa, 1 << shift) if shift >= 0 else Fraction(mantissa << -shift))


def _scale(top: int, bottom: int, shift: int) -> int:
    return (top << shift) // bottom if shift >= 0 else top // (bottom << -shift)


def from_fraction(value: Fraction) -> Number:
    """The number whose text is the shortest decimal of the value rounded to 64 bits."""
    if value.denominator == 1:
        return bounded(value.numerator)
    rounded = _round(value)
    if rounded.denominator == 1:
        return bounded(rounded.numerator)
    return _canonical(_shortest(rounded))


def _shortest(value: Fraction) -> Decimal:
    size = abs(value)
    exponent = len(str(size.numerator)) - len(str(size.denominator))
    if Fraction(10) ** exponent > size:
        exponent -= 1
    if abs(exponent) > MAX_EXPONENT:
        raise LimitError("a number is too large or too small")
    for digits in range(1, 23):
        places = digits - 1 - exponent
        scaled = round(size * Fraction(10) ** places)
        if _round(Fraction(scaled) / Fraction(10) ** places) == size:
            text = f"{'-' if value < 0 else ''}{scaled}E{-places}"
            return Decimal(text)
    raise AssertionError("22 digits always tell 64 bits apart")


def bounded(number: int) -> int:
    """The integer itself, unless it is too large to go on with."""
    if number.bit_length() > MAX_INTEGER_BITS:
        raise LimitError("a number is too large")
    return number


def plus(a: Number, b: Number) -> Number:
    """a + b."""
    return bounded(a + b) if type(a) is int and type(b) is int else from_fraction(fraction(a) + fraction(b))


def minus(a: Number, b: Number) -> Number:
    """a - b."""
    return bounded(a - b) if type(a) is int and type(b) is int else from_fraction(fraction(a) - fraction(b))


def times(a: Number, b: Number) -> Number:
    """a * b."""
    return bounded(a * b) if type(a) is int and type(b) is int else from_fraction(fraction(a) * fraction(b))


def divide(a: Number, b: Number) -> Number:
    """a / b, as a decimal where it does not divide."""
    if b == 0:
        raise BuiltinError("divide by zero")
    return from_fraction(fraction(a) / fraction(b))


def remainder(a: Number, b: Number) -> Number:
    """The remainder of integers, with the sign of `a` as in Go."""
    left, right = integer(a), integer(b)
    if left is None or right is None:
        raise BuiltinError("modulo on floating-point number")
    if right == 0:
        raise BuiltinError("modulo by zero")
    size = abs(left) % abs(right)
    return -size if left < 0 else size


def integer(number: Number) -> int | None:
    """The number as `int` when it is whole."""
    if type(number) is int:
        return number
    if type(number) is float and not math.isfinite(number):
        return None
    return int(number) if number == int(number) else None
