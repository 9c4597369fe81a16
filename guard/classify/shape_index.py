"""Which shape patterns can match a shape at all, told by its length and its characters.

A pattern is read once for the lengths it can have, the characters it can hold and those it must hold; a shape that
was never seen before then meets a handful of patterns instead of all. The index may let through too much, never too
little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

_parser: Any = re._parser  # type: ignore[attr-defined]  # noqa: SLF001 - patterns are read as `re` itself reads them

_OTHER = 1 << 128  # every character that is not ASCII
_ANY = (1 << 129) - 1
_LONGEST = 128  # characters; longer shapes share one list

T = TypeVar("T")


def mask(text: str) -> int:
    """The set of characters of a text, one bit each.

    >>> mask("99") == 1 << ord("9")
    True
    """
    bits = 0
    for char in set(text):
        bits |= 1 << ord(char) if char < "\x80" else _OTHER
    return bits


class ShapeIndex(Generic[T]):
    """Patterns by what they can match.

    Args:
        patterns: each pattern, and what to answer for it.
    """

    def __init__(self, patterns: Iterable[tuple[re.Pattern[str], T]]) -> None:
        self._by_length: list[list[tuple[int, int, re.Pattern[str], T]]] = [[] for _ in range(_LONGEST + 1)]
        for pattern, item in patterns:
            tree = _parser.parse(pattern.pattern, pattern.flags)
            low, high = tree.getwidth()
            row = (~_allowed(tree), _required(tree), pattern, item)
            for length in range(min(low, _LONGEST), min(high, _LONGEST) + 1):
                self._by_length[length].append(row)

    def matching(self, shape: str) -> tuple[T, ...]:
        """The items whose pattern matches all of `shape`, in the order given.

        >>> ShapeIndex([(re.compile("9{3}"), "three"), (re.compile("9+"), "some")]).matching("999")
        ('three', 'some')
        """
        held = mask(shape)
        return tuple(
            item
            for denied, required, pattern, item in self._by_length[min(len(shape), _LONGEST)]
            if not held & denied and held & required == required and pattern.fullmatch(shape)
        )


def _allowed(tree: Any) -> int:
    """The characters that a match can hold."""
    bits = 0
    for name, argument in tree:
        bits |= _allowed_by(str(name), argument)
    return bits


def _allowed_by(name: str, argument: Any) -> int:
    if name == "LITERAL":
        return mask(chr(argument))
    if name == "IN":
        return _ANY if str(argument[0][0]) == "NEGATE" else _of_set(argument)
    if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        return _allowed(argument[2])
    if name == "SUBPATTERN":
        return _allowed(argument[3])
    if name == "ATOMIC_GROUP":
        return _allowed(argument)
    if name == "BRANCH":
        bits = 0
        for one in argument[1]:
            bits |= _allowed(one)
        return bits
    return 0 if name in {"ASSERT", "ASSERT_NOT", "AT"} else _ANY


def _of_set(items: Any) -> int:
    bits = 0
    for name, argument in items:
        if str(name) == "LITERAL":
            bits |= mask(chr(argument))
        elif str(name) == "RANGE":
            low, high = argument
            bits |= mask("".join(map(chr, range(low, min(high, 0x80) + 1))))
        else:
            return _ANY
    return bits


def _required(tree: Any) -> int:
    """Characters that every match holds, as far as that is easily seen."""
    bits = 0
    for name, argument in tree:
        if str(name) == "LITERAL":
            bits |= mask(chr(argument))
        elif str(name) in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"} and argument[0] > 0:
            bits |= _required(argument[2])
        elif str(name) == "SUBPATTERN":
            bits |= _required(argument[3])
    return bits
