"""RE2's syntax, parsed into a tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from guard.policy.rego.re2 import classes
from guard.policy.rego.re2.classes import Ranges

MAX_PATTERN: Final = 10_000  # characters
MAX_REPEAT: Final = 1000  # as in RE2
MAX_DEPTH: Final = 100
UNBOUNDED: Final = -1


class PatternError(ValueError):
    """A pattern that is not RE2 syntax or is too large; the message names the construct, not the pattern."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Assertion:
    """A place: `start` and `end` of the text, `line-start`, `line-end`, `boundary`, `not-boundary`."""

    kind: str


@dataclass(frozen=True, slots=True)
class Group:
    """A part that is remembered under a number."""

    number: int
    inner: Node


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part so many times; `UNBOUNDED` is no limit."""

    inner: Node
    low: int
    high: int
    greedy: bool


@dataclass(frozen=True, slots=True)
class Sequence:
    """One part after another; none matches the empty text."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The first part that matches."""

    parts: tuple[Node, ...]


Node: TypeAlias = Chars | Assertion | Group | Repeat | Sequence | Choice


@dataclass(frozen=True, slots=True)
class Flags:
    """`i`, `m`, `s`, `U` as RE2 has them."""

    fold: bool = False
    multiline: bool = False
    dot_all: bool = False
    swap_greed: bool = False


_ESCAPES: Final = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_CLASSES: Final = {"d": classes.DIGIT, "w": classes.WORD, "s": classes.SPACE}
_ASSERTIONS: Final = {"A": "start", "z": "end", "b": "boundary", "B": "not-boundary"}


@dataclass(frozen=True, slots=True)
class Parsed:
    """A pattern as a tree, how many groups it has, and their names where they have one."""

    root: Node
    groups: int
    names: dict[str, int]


def parse(pattern: str) -> Parsed:
    """The tree of a pattern.

    Raises:
        PatternError: not RE2 syntax.
    """
    if len(pattern) > MAX_PATTERN:
        raise PatternError("the pattern is too long")
    parser = _Parser(pattern)
    root = parser.choice(Flags(), 0)
    if not parser.done():
        raise PatternError("unexpected )")
    return Parsed(root, parser.groups, parser.names)


class _Parser:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.position = 0
        self.groups = 0
        self.names: dict[str, int] = {}
        self.flags = Flags()

    def done(self) -> bool:
        return self.position >= len(self.pattern)

    def peek(self, text: str) -> bool:
        return self.pattern.startswith(text, self.position)

    def take(self, text: str) -> bool:
        if self.peek(text):
            self.position += len(text)
            return True
        return False

    def next(self) -> str:
        if self.done():
            raise PatternError("the pattern ends too early")
        self.position += 1
        return self.pattern[self.position - 1]

    def choice(self, flags: Flags, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise PatternError("the pattern is nested too deeply")
        outer, self.flags = self.flags, flags
        parts = [self.sequence(depth)]
        while self.take("|"):
            parts.append(self.sequence(depth))
        self.flags = outer
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while not self.done() and not self.peek("|") and not self.peek(")"):
            part = self.atom(depth)
            if part is not None:
                parts.append(self.repeats(part))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def repeats(self, part: Node) -> Node:
        seen = 0
        while not self.done():
            bounds = self.bounds()
            if bounds is None:
                break
            seen += 1
            if seen > 1:
                raise PatternError("invalid nested repetition operator")
            greedy = not self.take("?")
            part = Repeat(part, *bounds, greedy is not self.flags.swap_greed)
        return part

    def bounds(self) -> tuple[int, int] | None:
        if self.take("*"):
            return 0, UNBOUNDED
        if self.take("+"):
            return 1, UNBOUNDED
        if self.take("?"):
            return 0, 1
        if not self.peek("{"):
            return None
        end = self.pattern.find("}", self.position)
        low, comma, high = self.pattern[self.position + 1 : max(end, 0)].partition(",")
        if end < 0 or not (low.isdecimal() and low.isascii()) or (high and not (high.isdecimal() and high.isascii())):
            return None
        self.position = end + 1
        bounds = int(low[:5]), int(high[:5]) if high else UNBOUNDED if comma else int(low[:5])
        if max(bounds) > MAX_REPEAT or (bounds[1] != UNBOUNDED and bounds[0] > bounds[1]):
            raise PatternError("invalid repeat count")
        return bounds

    def atom(self, depth: int) -> Node | None:
        character = self.next()
        flags = self.flags
        if character == "(":
            return self.group(depth)
        if character == "[":
            return self.char_class()
        if character == ".":
            return Chars(classes.ANY if flags.dot_all else classes.NOT_NEWLINE)
        if character == "^":
            return Assertion("line-start" if flags.multiline else "start")
        if character == "$":
            return Assertion("line-end" if flags.multiline else "end")
        if character == "\\":
            return self.escape()
        if character in "*+?":
            raise PatternError("missing argument to repetition operator")
        return self.literal(ord(character))

    def literal(self, code: int) -> Chars:
        ranges: Ranges = ((code, code),)
        return Chars(classes.fold(ranges) if self.flags.fold else ranges)

    def group(self, depth: int) -> Node | None:
        if not self.take("?"):
            self.groups += 1
            return self.closed(Group(self.groups, Sequence(())), depth)
        if self.take("P<") or self.take("<"):
            if self.peek("=") or self.peek("!"):
                raise PatternError("look-behind is not supported; RE2 syntax has none")
            return self.named(depth)
        if self.peek("=") or self.peek("!"):
            raise PatternError("look-ahead is not supported; RE2 syntax has none")
        flags = self.group_flags()
        if self.take(")"):
            self.flags = flags
            return None
        if not self.take(":"):
            raise PatternError("invalid or unsupported group syntax")
        inner = self.choice(flags, depth + 1)
        self.close()
        return inner

    def named(self, depth: int) -> Node:
        end = self.pattern.find(">", self.position)
        name = self.pattern[self.position : max(end, 0)]
        if end < 0 or not name.isidentifier() or not name.isascii() or name in self.names:
            raise PatternError("invalid or repeated group name")
        self.position = end + 1
        self.groups += 1
        self.names[name] = self.groups
        return self.closed(Group(self.groups, Sequence(())), depth)

    def closed(self, group: Group, depth: int) -> Node:
        inner = self.choice(self.flags, depth + 1)
        self.close()
        return Group(group.number, inner)

    def close(self) -> None:
        if not self.take(")"):
            raise PatternError("missing closing )")

    def group_flags(self) -> Flags:
        values = {"i": self.flags.fold, "m": self.flags.multiline, "s": self.flags.dot_all, "U": self.flags.swap_greed}
        on = True
        while not self.done() and not self.peek(":") and not self.peek(")"):
            character = self.next()
            if character == "-" and on:
                on = False
            elif character in values:
                values[character] = on
            else:
                raise PatternError("invalid or unsupported group syntax")
        return Flags(*values.values())

    def escape(self) -> Node:
        character = self.next()
        if character in _ASSERTIONS:
            return Assertion(_ASSERTIONS[character])
        if character.isdecimal() and character != "0":
            raise PatternError("backreferences are not supported; RE2 syntax has none")
        if character == "Q":
            end = self.pattern.find("\\E", self.position)
            text = self.pattern[self.position : end if end >= 0 else len(self.pattern)]
            self.position += len(text) + (2 if end >= 0 else 0)
            return Sequence(tuple(self.literal(ord(c)) for c in text))
        self.position -= 1
        ranges = self.escaped_class()
        if ranges is not None:
            return Chars(classes.fold(ranges) if self.flags.fold and len(ranges) < 100 else ranges)
        return self.literal(self.escaped_code())

    def escaped_class(self) -> Ranges | None:
        """After a backslash: a class such as `\\d` or `\\pL`, if one stands here."""
        character = self.pattern[self.position : self.position + 1]
        found = _CLASSES.get(character.lower()) if character else None
        if found is not None:
            self.position += 1
            return classes.negate(found) if character.isupper() else found
        if character not in {"p", "P"} or not character:
            return None
        self.position += 1
        name = self.next()
        if name == "{":
            end = self.pattern.find("}", self.position)
            name, self.position = self.pattern[self.position : max(end, 0)], max(end + 1, self.position)
        negated = (character == "P") is not name.startswith("^")
        ranges = classes.category(name.removeprefix("^"))
        if ranges is None:
            raise PatternError("unknown character class")
        return classes.negate(ranges) if negated else ranges

    def escaped_code(self) -> int:
        """After a backslash: one character."""
        character = self.next()
        if character in _ESCAPES:
            return _ESCAPES[character]
        if character == "x":
            return self.hexadecimal()
        if character in "01234567":
            digits = character
            while len(digits) < 3 and not self.done() and self.pattern[self.position] in "01234567":
                digits += self.next()
            return int(digits, 8)
        if character.isascii() and not character.isalnum():
            return ord(character)
        raise PatternError("invalid escape sequence")

    def hexadecimal(self) -> int:
        if self.take("{"):
            end = self.pattern.find("}", self.position)
            digits, self.position = self.pattern[self.position : max(end, 0)], max(end + 1, self.position)
        else:
            digits = self.pattern[self.position : self.position + 2]
            self.position += 2
        if (
            not digits
            or len(digits) > 8
            or any(c not in "0123456789abcdefABCDEF" for c in digits)
            or int(digits, 16) > classes.LAST
        ):
            raise PatternError("invalid escape sequence")
        return int(digits, 16)

    def char_class(self) -> Chars:
        negated = self.take("^")
        found: list[tuple[int, int]] = []
        first = True
        while first or not self.peek("]"):
            if self.done():
                raise PatternError("missing closing ]")
            first = False
            found += self.class_item()
        self.position += 1
        ranges = classes.union(found)
        if self.flags.fold and len(ranges) < 100:
            ranges = classes.fold(ranges)
        return Chars(classes.negate(ranges) if negated else ranges)

    def class_item(self) -> list[tuple[int, int]]:
        if self.peek("[:"):
            end = self.pattern.find(":]", self.position + 2)
            name = self.pattern[self.position + 2 : max(end, 0)]
            ranges = classes.POSIX.get(name.removeprefix("^"))
            if end >= 0 and ranges is not None:
                self.position = end + 2
                return list(classes.negate(ranges) if name.startswith("^") else ranges)
            if end >= 0:
                raise PatternError("invalid character class range")
        if self.take("\\"):
            ranges = self.escaped_class()
            if ranges is not None:
                return list(ranges)
            low = self.escaped_code()
        else:
            low = ord(self.next())
        if not self.peek("-") or self.peek("-]"):
            return [(low, low)]
        self.position += 1
        if self.take("\\"):
            if self.escaped_class() is not None:
                raise PatternError("invalid character class range")
            high = self.escaped_code()
        else:
            high = ord(self.next())
        if high < low:
            raise PatternError("invalid character class range")
        return [(low, high)]
