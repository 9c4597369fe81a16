"""units.*: numbers with SI and binary suffixes."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import BuiltinError
from guard.policy.rego.numbers import Number, from_fraction

_POWERS: Final = ("k", "m", "g", "t", "p", "e")
_DECIMAL: Final = {name: Fraction(1000) ** power for power, name in enumerate(_POWERS, 1)}
_BINARY: Final = {f"{name}i": Fraction(1024) ** power for power, name in enumerate(_POWERS, 1)}
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")


def _split(name: str, text: str) -> tuple[Fraction, str]:
    plain = text.replace('"', "")
    if " " in plain:
        raise BuiltinError(f"`{name}`: spaces not allowed in resource strings")
    end = next(
        (
            i
            for i, c in enumerate(plain)
            if not (
                c.isdigit() or c in ".+-" or (c in "eE" and plain[i + 1 : i + 2] and plain[i + 1] in "0123456789+-")
            )
        ),
        len(plain),
    )
    number, unit = plain[:end], plain[end:]
    if not number:
        raise BuiltinError(f"`{name}`: no amount provided")
    if not _NUMBER.fullmatch(number) or len(number) > 400:
        raise BuiltinError(f"`{name}`: could not parse amount to a number")
    return Fraction(number), unit


@builtin("units.parse", "string")
def parse(text: str) -> Number:
    """`10m` is 0.01, `10M` ten million, `1Ki` 1024."""
    amount, unit = _split("units.parse", text)
    if unit == "m":
        return from_fraction(amount / 1000)
    factor = {"": Fraction(1), **_DECIMAL, **_BINARY}.get(unit.lower())
    if factor is None:
        raise BuiltinError("`units.parse`: unit not recognised")
    return from_fraction(amount * factor)


@builtin("units.parse_bytes", "string")
def parse_bytes(text: str) -> int:
    """`10KB` is 10000, `10KiB` 10240; the fraction of a byte is dropped."""
    amount, unit = _split("units.parse_bytes", text)
    names = {"": Fraction(1), **_DECIMAL, **_BINARY}
    unit = unit.lower()
    factor = names.get(unit, names.get(unit.removesuffix("b")) if unit != "b" else None)
    if factor is None:
        raise BuiltinError("`units.parse_bytes`: byte unit not recognised")
    return int(amount * factor)
