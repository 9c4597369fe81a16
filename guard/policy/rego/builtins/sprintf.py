"""sprintf, as Go's `fmt` formats OPA's arguments: integers, floats and strings; everything else as Rego text."""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import Final

from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import LimitError
from guard.policy.rego.numbers import integer
from guard.policy.rego.text import bounded_text, quote, rego_text
from guard.policy.rego.values import NUMBERS, Value

MAX_WIDTH: Final = 1_000_000  # as in Go's fmt
_VERB = re.compile(
    r"%(?P<flags>[-+# 0]*)(?P<arg>\[\d+\])?(?P<width>\*|\d+)?(?:(?P<dot>\.)(?P<precision>\*|\d+)?)?"
    r"(?P<arg2>\[\d+\])?(?P<verb>.)?",
    re.DOTALL,
)

Argument = int | float | str


@builtin("sprintf", "string", "array")
def sprintf(template: str, values: list[Value]) -> str:
    """The template with its verbs replaced by the values."""
    plain = plain_template(template)
    if plain is not None and len(plain[0]) == len(values):
        texts = [_quick(verb, value) for verb, value in zip(plain[0], values, strict=True)]
        if None not in texts:
            return bounded_text(plain[1] % tuple(texts))
    return bounded_text(_Formatter([_argument(value) for value in values]).format(template))


@functools.lru_cache(maxsize=512)
def plain_template(template: str) -> tuple[str, str] | None:
    """The verbs of a template that has only `%s`, `%v` and `%d` without flags, and the same template for Python."""
    verbs = re.findall(r"%(.?)", template, re.DOTALL)
    if any(verb not in {"s", "v", "d"} for verb in verbs):
        return None
    return "".join(verbs), re.sub(r"%.", "%s", template)


def _quick(verb: str, value: Value) -> str | None:
    """The text of a string or an integer; None for what takes the long way."""
    if type(value) is str:
        return value if verb != "d" else None
    if type(value) is int:
        return str(value) if verb != "s" else None
    return None


def _argument(value: Value) -> Argument:
    if type(value) in NUMBERS:
        if type(value) is int:
            return value
        whole = integer(value) if type(value) is Decimal else None
        return whole if whole is not None else float(value)
    if type(value) is str:
        return value
    return rego_text(value)


class _Formatter:
    def __init__(self, arguments: list[Argument]) -> None:
        self.arguments = arguments
        self.next = 0
        self.reordered = False

    def format(self, template: str) -> str:
        parts: list[str] = []
        position = 0
        while True:
            start = template.find("%", position)
            if start < 0:
                parts.append(template[position:])
                break
            parts.append(template[position:start])
            match = _VERB.match(template, start)
            if match is None:
                raise AssertionError("the pattern matches at every percent sign")
            parts.append(self._verb(match))
            position = match.end()
        if not self.reordered and self.next < len(self.arguments):
            extra = ", ".join(f"{_go_type(argument)}={_plain(argument)}" for argument in self.arguments[self.next :])
            parts.append(f"%!(EXTRA {extra})")
        return "".join(parts)

    def _verb(self, match: re.Match[str]) -> str:
        verb = match["verb"]
        if verb is None:
            return "%!(NOVERB)"
        flags = match["flags"]
        self._index(match["arg"])
        width = self._number(match["width"])
        if match["width"] == "*" and width is not None and width < 0:
            flags, width = flags + "-", -width
        precision = self._number(match["precision"]) if match["dot"] else None
        if match["dot"] and precision is None:
            precision = 0
        self._index(match["arg2"])
        if verb == "%":
            return "%"
        if not 0 <= self.next < len(self.arguments):
            return f"%!{verb}(BADINDEX)" if self.reordered else f"%!{verb}(MISSING)"
        argument = self.arguments[self.next]
        self.next += 1
        text = _format(verb, argument, flags, precision)
        return _pad(text, width, flags, numeric=type(argument) in {int, float} and "=" not in text)

    def _index(self, text: str | None) -> None:
        if text:
            self.reordered = True
            self.next = int(text[1:-1]) - 1

    def _number(self, text: str | None) -> int | None:
        if text is None:
            return None
        if text == "*":
            found = self.arguments[self.next] if self.next < len(self.arguments) else None
            self.next += 1
            if type(found) is not int or abs(found) > MAX_WIDTH:
                return None
            return found
        if int(text) > MAX_WIDTH:
            raise LimitError("`sprintf`: a width is too large")
        return int(text)


def _pad(text: str, width: int | None, flags: str, *, numeric: bool) -> str:
    if width is None or len(text) >= width:
        return text
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags:
        if numeric and text[:1] in {"+", "-"}:
            return text[0] + text[1:].rjust(width - 1, "0")
        return text.rjust(width, "0")
    return text.rjust(width)


def _go_type(argument: Argument) -> str:
    if type(argument) is int:
        return "int64" if -(1 << 63) <= argument < 1 << 63 else "*big.Int"
    return "float64" if type(argument) is float else "string"


def _plain(argument: Argument) -> str:
    if type(argument) is float:
        return _general(argument, None)
    return str(argument)


def _bad(verb: str, argument: Argument) -> str:
    return f"%!{verb}({_go_type(argument)}={_plain(argument)})"


def _format(verb: str, argument: Argument, flags: str, precision: int | None) -> str:
    if verb == "T":
        return _go_type(argument)
    if type(argument) is int:
        return _integer(verb, argument, flags, precision)
    if type(argument) is float:
        return _float(verb, argument, flags, precision)
    return _string(verb, str(argument), flags, precision)


def _signed(text: str, flags: str) -> str:
    if text.startswith("-"):
        return text
    return f"+{text}" if "+" in flags else f" {text}" if " " in flags else text


def _integer(verb: str, number: int, flags: str, precision: int | None) -> str:
    if verb in {"v", "d"} or (verb == "s" and _go_type(number) == "*big.Int"):
        digits = str(abs(number))
    elif verb in {"b", "o", "x", "X", "O"}:
        prefix = {"b": "0b", "o": "0", "x": "0x", "X": "0X", "O": "0o"}[verb]
        digits = format(abs(number), verb.lower() if verb != "X" else "X")
        digits = prefix + digits if "#" in flags or verb == "O" else digits
    elif verb in {"c", "q", "U"} and 0 <= number <= 0x10FFFF:
        return {"c": chr(number), "q": f"'{chr(number)}'", "U": f"U+{number:04X}"}[verb]
    else:
        return _bad(verb, number)
    if precision is not None:
        digits = digits.rjust(precision, "0")
    return _signed(("-" if number < 0 else "") + digits, flags)


def _general(number: float, precision: int | None) -> str:
    """Go's %v: the shortest text, with an exponent from 1e6 on and below 1e-4."""
    if precision is not None:
        text = f"{number:.{precision}g}"
        return re.sub(r"e([+-])(\d)$", r"e\g<1>0\2", text)
    digits = Decimal(repr(number)).normalize().as_tuple()
    exponent = len(digits.digits) + int(digits.exponent) - 1
    if exponent < -4 or exponent >= 6:
        text = "".join(map(str, digits.digits))
        mantissa = text[0] + ("." + text[1:] if len(text) > 1 else "")
        return f"{'-' if number < 0 else ''}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    return format(Decimal(repr(number)).normalize(), "f")


def _float(verb: str, number: float, flags: str, precision: int | None) -> str:
    if verb in {"v", "g", "G"}:
        text = _general(number, precision)
        text = text.upper() if verb == "G" else text
    elif verb in {"f", "F"}:
        text = f"{number:.{6 if precision is None else precision}f}"
    elif verb in {"e", "E"}:
        text = f"{number:.{6 if precision is None else precision}{verb}}"
    elif verb in {"x", "X"}:
        mantissa, exponent = number.hex().split("p")
        mantissa = mantissa.rstrip("0").rstrip(".")
        text = f"{mantissa}p{exponent[0]}{int(exponent[1:]):02d}"
        text = text.upper() if verb == "X" else text
    else:
        return _bad(verb, number)
    return _signed(text, flags)


def _string(verb: str, text: str, flags: str, precision: int | None) -> str:
    if verb in {"s", "v"}:
        if verb == "v" and "#" in flags:
            return quote(text)
        return text if precision is None else text[:precision]
    if verb == "q":
        return quote(text if precision is None else text[:precision])
    if verb in {"x", "X"}:
        digits = text.encode("utf-8", "surrogatepass").hex()
        return digits.upper() if verb == "X" else digits
    return _bad(verb, text)
