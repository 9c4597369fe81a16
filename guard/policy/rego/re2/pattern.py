"""A compiled pattern: which matcher runs it, and the searches built on one search."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Final

from guard.policy.rego.re2 import machine
from guard.policy.rego.re2.classes import Ranges
from guard.policy.rego.re2.syntax import UNBOUNDED, Assertion, Chars, Choice, Group, Node, Repeat, Sequence, parse

BACKTRACKING_STEPS: Final = 2_000_000  # the worst case up to which Python's own matcher is used
_PYTHON_ASSERTIONS: Final = {
    "start": r"\A",
    "end": r"\Z",
    "line-start": r"(?:(?<=\n)|\A)",
    "line-end": r"(?:(?=\n)|\Z)",
    "boundary": r"\b",
    "not-boundary": r"\B",
}
Bounds = tuple[int, ...]


@functools.lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> Pattern:
    """Compiles a pattern.

    Raises:
        PatternError: not RE2 syntax, or too large.
    """
    return Pattern(pattern)


class Pattern:
    """A pattern that can be searched for; safe to share between threads."""

    def __init__(self, pattern: str) -> None:
        parsed = parse(pattern)
        self.groups: Final = parsed.groups
        self.names: Final = parsed.names
        self._program: Final = machine.assemble(parsed.root)
        self._root: Final = parsed.root
        self._python: re.Pattern[str] | None = None
        if self._ways(1_000) < float("inf") and len(self._program) < 2_000:
            self._python = re.compile(_python(parsed.root), re.ASCII)

    def _ways(self, length: int) -> float:
        return _ways(self._root, float(length))

    def search(self, text: str, start: int = 0) -> Bounds | None:
        """The bounds of the leftmost match from `start` on, and of its groups."""
        if (
            self._python is not None
            and self._ways(len(text)) * (len(text) + 1) * len(self._program) <= BACKTRACKING_STEPS
        ):
            found = self._python.search(text, start)
            return None if found is None else tuple(place for bounds in found.regs for place in bounds)
        return machine.search(self._program, 2 * (self.groups + 1), text, start)

    def find_all(self, text: str, limit: int = -1) -> Iterator[Bounds]:
        """Matches without overlap, as Go's `FindAll`: an empty one right after another is left out."""
        position, count, previous = 0, 0, -1
        while position <= len(text) and (limit < 0 or count < limit):
            found = self.search(text, position)
            if found is None:
                return
            if found[1] > found[0] or found[0] != previous:
                yield found
                count += 1
            previous = found[1]
            position = found[1] + (found[1] == found[0])


def _ways(node: Node, length: float) -> float:
    """An upper bound on how many ways a backtracking matcher may try from one place; infinite when it can explode."""
    match node:
        case Chars() | Assertion():
            return 1.0
        case Group(_, inner):
            return _ways(inner, length)
        case Sequence(parts):
            total = 1.0
            for part in parts:
                total *= _ways(part, length)
            return total
        case Choice(parts):
            return sum(_ways(part, length) for part in parts)
        case Repeat(inner, low, high, _):
            one = _ways(inner, length)
            if low == high == 1 or (one == 1.0 and low == high):
                return one
            if high == UNBOUNDED:
                return length + 1 if one == 1.0 and _consumes(inner) else float("inf")
            return (high - low + 1) * one ** min(high, 60)


def _consumes(node: Node) -> bool:
    """True when the part always takes at least one character."""
    match node:
        case Chars():
            return True
        case Assertion():
            return False
        case Group(_, inner):
            return _consumes(inner)
        case Sequence(parts):
            return any(_consumes(part) for part in parts)
        case Choice(parts):
            return all(_consumes(part) for part in parts)
        case Repeat(inner, low, _, _):
            return low > 0 and _consumes(inner)


def _python(node: Node) -> str:
    """The same pattern for Python's `re`."""
    match node:
        case Chars(ranges):
            return _python_class(ranges)
        case Assertion(kind):
            return _PYTHON_ASSERTIONS[kind]
        case Group(_, inner):
            return f"({_python(inner)})"
        case Sequence(parts):
            return "".join([_python(part) for part in parts])
        case Choice(parts):
            return f"(?:{'|'.join([_python(part) for part in parts])})"
        case Repeat(inner, low, high, greedy):
            bounds = f"{{{low},{'' if high == UNBOUNDED else high}}}"
            return f"(?:{_python(inner)}){bounds}{'' if greedy else '?'}"


def _python_class(ranges: Ranges) -> str:
    if not ranges:
        return r"(?!)"
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return re.escape(chr(ranges[0][0]))
    return f"[{''.join([f'{_code(low)}-{_code(high)}' for low, high in ranges])}]"


def _code(code: int) -> str:
    return f"\\U{code:08x}"
