"""Bitwise operations on integers of any size."""

from __future__ import annotations

from typing import Final

from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import BuiltinError
from guard.policy.rego.numbers import MAX_INTEGER_BITS, Number, bounded, integer

MAX_SHIFT: Final = MAX_INTEGER_BITS


def _whole(name: str, position: int, number: Number) -> int:
    found = integer(number)
    if found is None:
        raise BuiltinError(
            f"`{name}`: operand {position} must be integer number but got floating-point number", kind="eval_type_error"
        )
    return found


def _shift(name: str, number: Number) -> int:
    found = _whole(name, 2, number)
    if found < 0:
        raise BuiltinError(
            f"`{name}`: operand 2 must be an unsigned integer number but got a negative integer", kind="eval_type_error"
        )
    return min(found, MAX_SHIFT + 1)


@builtin("bits.and", "number", "number")
def and_(a: Number, b: Number) -> int:
    """a & b."""
    return _whole("bits.and", 1, a) & _whole("bits.and", 2, b)


@builtin("bits.or", "number", "number")
def or_(a: Number, b: Number) -> int:
    """a | b."""
    return _whole("bits.or", 1, a) | _whole("bits.or", 2, b)


@builtin("bits.xor", "number", "number")
def xor(a: Number, b: Number) -> int:
    """a ^ b."""
    return _whole("bits.xor", 1, a) ^ _whole("bits.xor", 2, b)


@builtin("bits.negate", "number")
def negate(a: Number) -> int:
    """~a."""
    return ~_whole("bits.negate", 1, a)


@builtin("bits.lsh", "number", "number")
def lsh(a: Number, b: Number) -> int:
    """a << b."""
    return bounded(_whole("bits.lsh", 1, a) << _shift("bits.lsh", b))


@builtin("bits.rsh", "number", "number")
def rsh(a: Number, b: Number) -> int:
    """a >> b."""
    return _whole("bits.rsh", 1, a) >> _shift("bits.rsh", b)
