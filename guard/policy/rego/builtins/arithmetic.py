"""Operators on numbers, rounding, ranges and texts of numbers. `minus` is also the difference of sets."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction
from typing import Final

from guard.policy.rego import numbers
from guard.policy.rego.builtins.registry import builtin, wrong_type
from guard.policy.rego.errors import BuiltinError, LimitError
from guard.policy.rego.numbers import Number, NumberTextError, integer, parse_number
from guard.policy.rego.values import NUMBERS, Value

MAX_RANGE: Final = 1_000_000
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")


@builtin("plus", "number", "number")
def plus(a: Number, b: Number) -> Number:
    """a + b."""
    return numbers.plus(a, b)


@builtin("minus", "any", "any")
def minus(a: Value, b: Value) -> Value:
    """a - b for numbers; the elements of a that are not in b for sets."""
    if type(a) is set and type(b) is set:
        difference: Value = a - b
        return difference
    if type(a) in NUMBERS and type(b) in NUMBERS:
        return numbers.minus(a, b)
    if type(a) in NUMBERS or type(a) is set:
        raise wrong_type("minus", 2, "number" if type(a) in NUMBERS else "set", b)
    raise wrong_type("minus", 1, "number|set", a)


@builtin("mul", "number", "number")
def mul(a: Number, b: Number) -> Number:
    """a * b."""
    return numbers.times(a, b)


@builtin("div", "number", "number")
def div(a: Number, b: Number) -> Number:
    """a / b."""
    return numbers.divide(a, b)


@builtin("rem", "number", "number")
def rem(a: Number, b: Number) -> Number:
    """The remainder of integers."""
    return numbers.remainder(a, b)


def _exact(number: Number) -> Fraction:
    return Fraction(number) if type(number) is int else Fraction(Decimal(numbers.number_text(number)))


@builtin("abs", "number")
def abs_(number: Number) -> Number:
    """The number without its sign."""
    return -number if number < 0 else number


@builtin("ceil", "number")
def ceil(number: Number) -> int:
    """The smallest integer not below."""
    return math.ceil(_exact(number))


@builtin("floor", "number")
def floor(number: Number) -> int:
    """The largest integer not above."""
    return math.floor(_exact(number))


@builtin("round", "number")
def round_(number: Number) -> int:
    """The nearest integer, halves away from zero."""
    exact = _exact(number)
    half = Fraction(1, 2)
    return math.floor(exact + half) if exact >= 0 else math.ceil(exact - half)


def _whole(name: str, position: int, number: Number) -> int:
    found = integer(number)
    if found is None:
        raise BuiltinError(
            f"`{name}`: operand {position} must be integer number but got floating-point number", kind="eval_type_error"
        )
    return found


def _range(name: str, start: Number, end: Number, step: int) -> list[int]:
    first, last = _whole(name, 1, start), _whole(name, 2, end)
    if abs(last - first) // step >= MAX_RANGE:
        raise LimitError(f"`{name}` makes more than {MAX_RANGE} numbers")
    return list(range(first, last + 1, step)) if first <= last else list(range(first, last - 1, -step))


@builtin("numbers.range", "number", "number")
def numbers_range(start: Number, end: Number) -> list[int]:
    """All integers from one to the other, both included."""
    return _range("numbers.range", start, end, 1)


@builtin("numbers.range_step", "number", "number", "number")
def numbers_range_step(start: Number, end: Number, step: Number) -> list[int]:
    """Every step-th integer from one to the other."""
    width = _whole("numbers.range_step", 3, step)
    if width <= 0:
        raise BuiltinError("`numbers.range_step`: step must be a positive integer")
    return _range("numbers.range_step", start, end, width)


@builtin("format_int", "number", "number")
def format_int(number: Number, base: Number) -> str:
    """The integer part in base 2, 8, 10 or 16."""
    if base not in {2, 8, 10, 16}:
        raise BuiltinError("`format_int`: operand 2 must be one of {2, 8, 10, 16}", kind="eval_type_error")
    return in_base(math.trunc(_exact(number)), int(base))


def in_base(number: int, base: int) -> str:
    """An integer's digits in a base up to 16."""
    if base == 10:
        return str(number)
    digits = {2: "b", 8: "o", 16: "x"}[base]
    return format(number, digits)


@builtin("to_number", "any")
def to_number(value: Value) -> Number:
    """The number a text, boolean or null stands for."""
    if value is None:
        return 0
    if type(value) is bool:
        return int(value)
    if type(value) in NUMBERS:
        return value  # type: ignore[no-any-return]  # narrowed by the test of its type
    if type(value) is str:
        return text_to_number(value)
    raise wrong_type("to_number", 1, "null|boolean|number|string", value)


def text_to_number(text: str) -> Number:
    """The number a JSON literal stands for."""
    if not _JSON_NUMBER.fullmatch(text):
        raise BuiltinError("`to_number`: invalid syntax")
    try:
        return parse_number(text)
    except NumberTextError as error:
        raise BuiltinError(f"`to_number`: {error}") from error
