"""glob.*: patterns with `*`, `**`, `?`, classes and alternatives, turned into regular expressions."""

from __future__ import annotations

import functools

from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import BuiltinError, OperandError
from guard.policy.rego.re2 import Pattern, PatternError, compile_pattern
from guard.policy.rego.re2.classes import Ranges
from guard.policy.rego.re2.syntax import Chars, Repeat, Sequence, parse
from guard.policy.rego.values import Value

_SPECIAL = "\\.+*?()|[]{}^$-&~# "


@builtin("glob.quote_meta", "string")
def quote_meta(pattern: str) -> str:
    """The pattern that matches the text itself."""
    return "".join([f"\\{c}" if c in "*?\\[]{}" else c for c in pattern])


@builtin("glob.match", "string", "any", "string")
def match(pattern: str, delimiters: Value, text: str) -> bool:
    """True when the whole text matches; `*` and `?` do not cross a delimiter, `**` does."""
    if delimiters is None:
        separators = ""
    elif type(delimiters) is list and all(type(item) is str and len(item) == 1 for item in delimiters):
        separators = "".join(delimiters) or "."
    else:
        raise OperandError("`glob.match`: operand 2 must be null or an array of single characters")
    return _compiled(pattern, separators).search(text) is not None


@functools.lru_cache(maxsize=512)
def _compiled(pattern: str, separators: str) -> Pattern:
    try:
        return compile_pattern(f"^(?s:{_Translator(pattern, separators).all()})$")
    except PatternError as error:
        raise BuiltinError(f"`glob.match`: {error}") from error


def _literal(character: str) -> str:
    return f"\\{character}" if character in _SPECIAL and character not in "-&~# " else character


class _Translator:
    """One pass over a glob."""

    def __init__(self, pattern: str, separators: str) -> None:
        self.pattern = pattern
        self.position = 0
        inside = "".join([f"\\{c}" if c in "\\]^-[" else c for c in separators])
        self.single = f"[^{inside}]" if separators else "."

    def all(self) -> str:
        """The expression for the whole glob."""
        text = self._sequence("")
        if self.position < len(self.pattern):
            raise BuiltinError("`glob.match`: unbalanced braces")
        return text

    def _sequence(self, stops: str) -> str:
        parts: list[str] = []
        while self.position < len(self.pattern) and self.pattern[self.position] not in stops:
            parts.append(self._one())
        return "".join(parts)

    def _one(self) -> str:
        character = self.pattern[self.position]
        self.position += 1
        if character == "*":
            crossing = False
            while self.pattern[self.position : self.position + 1] == "*":
                crossing = True
                self.position += 1
            return ".*" if crossing else f"{self.single}*"
        if character == "?":
            return self.single
        if character == "[":
            return self._class()
        if character == "{":
            return self._alternatives()
        if character == "\\":
            if self.position >= len(self.pattern):
                raise BuiltinError("`glob.match`: a pattern ends in a backslash")
            character = self.pattern[self.position]
            self.position += 1
        return _literal(character)

    def _class(self) -> str:
        end = self.pattern.find("]", self.position + 1)
        if end < 0:
            raise BuiltinError("`glob.match`: a class is not closed")
        inner = self.pattern[self.position : end]
        self.position = end + 1
        negated = inner.startswith(("!", "^"))
        body = inner[negated:]
        if len(body) == 3 and body[1] == "-":
            low, high = body[0], body[2]
            text = f"{self._escaped(low)}-{self._escaped(high)}"
        else:
            text = "".join([self._escaped(c) for c in body])
        return f"[{'^' if negated else ''}{text}]"

    @staticmethod
    def _escaped(character: str) -> str:
        return f"\\{character}" if character in "\\]^-[" else character

    def _alternatives(self) -> str:
        parts: list[str] = []
        while True:
            parts.append(self._sequence(",}"))
            if self.position >= len(self.pattern):
                raise BuiltinError("`glob.match`: unbalanced braces")
            self.position += 1
            if self.pattern[self.position - 1] == "}":
                return f"(?:{'|'.join(parts)})"


@builtin("regex.globs_match", "string", "string")
def globs_match(a: str, b: str) -> bool:
    """True when the two patterns, made of characters, `.`, classes, `*` and `+`, have a text in common."""
    left, right = _parts("regex.globs_match", a), _parts("regex.globs_match", b)
    return _intersect(left, right)


_Part = tuple[Ranges, bool]  # characters, and whether the part may repeat


def _parts(name: str, pattern: str) -> tuple[_Part, ...]:
    try:
        root = parse(pattern).root
    except PatternError as error:
        raise BuiltinError(f"`{name}`: {error}") from error
    found: list[_Part] = []
    for node in root.parts if isinstance(root, Sequence) else (root,):
        match node:
            case Chars(ranges):
                found.append((ranges, False))
            case Repeat(Chars(ranges), low, _, _):
                found += [(ranges, False)] * min(low, 1) + [(ranges, True)]
            case _:
                raise BuiltinError(f"`{name}`: the pattern holds more than characters, classes, `*` and `+`")
    return tuple(found)


def _intersect(a: tuple[_Part, ...], b: tuple[_Part, ...]) -> bool:
    """Whether a path leads through both patterns at once; places are visited once."""
    seen: set[tuple[int, int]] = set()
    stack = [(0, 0)]
    while stack:
        i, j = place = stack.pop()
        if place in seen:
            continue
        seen.add(place)
        if i == len(a) and j == len(b):
            return True
        if i < len(a) and a[i][1]:
            stack.append((i + 1, j))
        if j < len(b) and b[j][1]:
            stack.append((i, j + 1))
        if i < len(a) and j < len(b) and _share(a[i][0], b[j][0]):
            stack.append((i if a[i][1] else i + 1, j if b[j][1] else j + 1))
    return False


def _share(a: Ranges, b: Ranges) -> bool:
    return any(low <= other_high and other_low <= high for low, high in a for other_low, other_high in b)
