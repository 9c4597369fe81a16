"""Sets of characters as sorted ranges of code points."""

from __future__ import annotations

import functools
import sys
import unicodedata
from bisect import bisect_right
from typing import Final, TypeAlias

Ranges: TypeAlias = tuple[tuple[int, int], ...]

LAST: Final = sys.maxunicode
ANY: Final[Ranges] = ((0, LAST),)
NOT_NEWLINE: Final[Ranges] = ((0, 9), (11, LAST))
DIGIT: Final[Ranges] = ((48, 57),)
WORD: Final[Ranges] = ((48, 57), (65, 90), (95, 95), (97, 122))
SPACE: Final[Ranges] = ((9, 10), (12, 13), (32, 32))
UPPER: Final[Ranges] = ((65, 90),)
LOWER: Final[Ranges] = ((97, 122),)
POSIX: Final[dict[str, Ranges]] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": DIGIT,
    "graph": ((33, 126),),
    "lower": LOWER,
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": UPPER,
    "word": WORD,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
SCRIPTS: Final[dict[str, Ranges]] = {
    "Han": (
        (0x2E80, 0x2FD5),
        (0x3005, 0x3005),
        (0x3007, 0x3007),
        (0x3021, 0x3029),
        (0x3038, 0x303B),
        (0x3400, 0x4DBF),
        (0x4E00, 0x9FFF),
        (0xF900, 0xFAD9),
        (0x20000, 0x323AF),
    ),
    "Hiragana": ((0x3041, 0x3096), (0x309D, 0x309F), (0x1B001, 0x1B11F), (0x1F200, 0x1F200)),
    "Katakana": ((0x30A1, 0x30FA), (0x30FD, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF6F), (0xFF71, 0xFF9D)),
    "Latin": (
        (65, 90),
        (97, 122),
        (0xAA, 0xAA),
        (0xBA, 0xBA),
        (0xC0, 0xD6),
        (0xD8, 0xF6),
        (0xF8, 0x2B8),
        (0x1E00, 0x1EFF),
        (0x2C60, 0x2C7F),
        (0xA722, 0xA787),
        (0xFF21, 0xFF3A),
        (0xFF41, 0xFF5A),
    ),
    "Greek": (
        (0x370, 0x373),
        (0x375, 0x377),
        (0x37A, 0x37D),
        (0x37F, 0x37F),
        (0x384, 0x384),
        (0x386, 0x386),
        (0x388, 0x3E1),
        (0x3F0, 0x3FF),
        (0x1F00, 0x1FFE),
    ),
    "Cyrillic": ((0x400, 0x484), (0x487, 0x52F), (0x1C80, 0x1C88), (0x2DE0, 0x2DFF), (0xA640, 0xA69F)),
}


def union(ranges: list[tuple[int, int]]) -> Ranges:
    """The ranges sorted and joined."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def negate(ranges: Ranges) -> Ranges:
    """All other characters."""
    found = []
    position = 0
    for low, high in ranges:
        if low > position:
            found.append((position, low - 1))
        position = high + 1
    if position <= LAST:
        found.append((position, LAST))
    return tuple(found)


def fold(ranges: Ranges) -> Ranges:
    """The ranges with the other case of their characters; large ranges of one script keep what they have."""
    found = list(ranges)
    for low, high in ranges:
        if high - low > 0x3000:
            continue
        for code in range(low, high + 1):
            found += [(variant, variant) for variant in _variants(code)]
    return union(found)


@functools.lru_cache(maxsize=4096)
def _variants(code: int) -> tuple[int, ...]:
    character = chr(code)
    forms = {character.lower(), character.upper(), character.lower().upper(), character.upper().lower()}
    special = {"k": "\u212a", "K": "\u212a", "s": "\u017f", "S": "\u017f", "\u212a": "kK", "\u017f": "sS"}
    return tuple(ord(form) for form in (*forms, *special.get(character, "")) if len(form) == 1)


@functools.lru_cache(maxsize=64)
def category(name: str) -> Ranges | None:
    """A Unicode general category such as `L` or `Lu`, or a common script; None when there is none."""
    if name in SCRIPTS:
        return SCRIPTS[name]
    if name == "Any":
        return ANY
    if name[:1] not in "CLMNPSZ" or len(name) > 2 or not name:
        return None
    found: list[tuple[int, int]] = []
    for code in range(LAST + 1):
        if unicodedata.category(chr(code)).startswith(name):
            if found and found[-1][1] == code - 1:
                found[-1] = (found[-1][0], code)
            else:
                found.append((code, code))
    return tuple(found) or None


def contains(ranges: Ranges, code: int) -> bool:
    """True when the character is in one of the ranges."""
    position = bisect_right(ranges, (code, LAST + 1)) - 1
    return position >= 0 and ranges[position][0] <= code <= ranges[position][1]
