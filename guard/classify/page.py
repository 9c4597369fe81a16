"""One pass over the characters of a text: their shapes, the runs that may hold an identifier, and the places where
something of prose may begin.

A page says what the patterns of `guard.classify.token` and `guard.classify.prose` say, a few nanoseconds a character:
classes of characters come from a table by numpy, and the patterns are tried only where their rarest character stands.
Short texts are read by the patterns themselves (`Page.short`), and tests hold both to the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from guard.classify.detectors.cn.plate import PROVINCES
from guard.classify.shape import shape_of
from guard.classify.token import RUN, SHORTEST

_Codes = npt.NDArray[np.unsignedinteger]
_Places = npt.NDArray[np.intp]

# Classes of characters, one bit each.
_IN_RUN = 1  # identifier characters
_ANCHOR = 2  # digits, @ and the colon: a run has one of them
_DIGIT = 4
_CAPITAL = 8
_SPACE = 16
_OPEN = 32
_CLOSE = 64
_LATIN = 128
_PROVINCE = 256
_SECRET = 512  # 密
_YEAR = 1024  # 年
_DOT = 2048
_MIDDLE = 4096  # the middle dot of a plate
_MONTH = 8192  # 月
_PAIRED = 32  # characters between the dots of the two numbers of a position, at most

_PLACEHOLDER = 1
_LOWER = {code: code + 32 for code in range(65, 91)}
_RUN_MARKS = "@._%+-:/?=&#~()$"


@dataclass(frozen=True, slots=True)
class Page:
    """What one pass finds in a folded text.

    Attributes:
        text: the text.
        shapes: its shape where a run is; elsewhere a placeholder of the same length.
        lower: its ASCII characters, letters in lower case; elsewhere a placeholder.
        runs: `(start, end)` of the runs, in order.
        plates: positions where a plate may begin.
        marks: positions where a mark of secrecy may begin.
        dates: positions of 年 after a digit and before 月.
        points: positions of a dot between digits, with another near.
        short: the text is short, and the places were not looked for; the patterns are to be searched for.
    """

    text: str
    shapes: str
    lower: str
    runs: list[tuple[int, int]]
    plates: list[int]
    marks: list[int]
    dates: list[int]
    points: list[int]
    short: bool


SHORT = 2_000  # characters, from which the table is worth its start


def page_of(text: str) -> Page:
    """The page of a folded text.

    >>> page_of("手机号13800138000").runs
    [(3, 14)]
    """
    return by_patterns(text) if len(text) < SHORT else by_classes(text)


def by_patterns(text: str) -> Page:
    """The page of a short text, by searching for the patterns."""
    runs = [run.span() for run in RUN.finditer(text) if run.end() - run.start() >= SHORTEST]
    return Page(text, shape_of(text) if runs else text, text.translate(_LOWER), runs, [], [], [], [], short=True)


def by_classes(text: str) -> Page:
    """The page of a text of any size, by classes of characters."""
    codes = codes_of(text)
    table, shape_table, lower_table = _tables()
    classes = table.take(codes)
    inside = np.zeros(len(classes) + 2, bool)
    inside[1:-1] = (classes & _IN_RUN) != 0
    inside[1 + _joins(classes, np.flatnonzero(classes == _SPACE))] = True
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[::2], edges[1::2]
    long_enough = ends - starts >= SHORTEST
    starts, ends = starts[long_enough], ends[long_enough]
    # The anchors are few beside the characters: their places are counted, not the characters.
    anchors = np.flatnonzero(classes & _ANCHOR)
    held = anchors.searchsorted(ends) > anchors.searchsorted(starts)
    runs = list(zip(starts[held].tolist(), ends[held].tolist(), strict=True))
    shapes = shape_table.take(codes).tobytes().decode("latin-1")
    lower = lower_table.take(codes).tobytes().decode("latin-1")
    rare = np.flatnonzero((classes & (_PROVINCE | _SECRET | _YEAR | _DOT)) != 0)
    at = classes[rare]
    before, following = _shifted(classes, rare, -1), _shifted(classes, rare, 1)
    third = _shifted(classes, rare, 2)
    plates = rare[((at & _PROVINCE) != 0) & ((following & _LATIN) != 0) & ((third & (_IN_RUN | _SPACE | _MIDDLE)) != 0)]
    marks = rare[(at & _SECRET) != 0] - 1
    dates = rare[((at & _YEAR) != 0) & ((before & (_DIGIT | _SPACE)) != 0) & ((following & (_DIGIT | _SPACE)) != 0)]
    month = np.zeros(len(dates), bool)
    for step in range(2, 6):
        month |= (_shifted(classes, dates, step) & _MONTH) != 0
    dates = dates[month]
    dots = rare[((at & _DOT) != 0) & ((before & following & _DIGIT) != 0)]
    dots = dots[(_shifted(classes, dots, 2) & _shifted(classes, dots, 3) & _DIGIT) != 0]
    dots = _paired(classes, dots)
    marks = np.maximum(marks, 0)
    return Page(text, shapes, lower, runs, plates.tolist(), marks.tolist(), dates.tolist(), dots.tolist(), short=False)


def _paired(classes: npt.NDArray[np.uint16], dots: _Places) -> _Places:
    """The dots behind which another is near, with no letter between: a position is two numbers."""
    if len(dots) < 2:
        return dots[:0]
    near = np.flatnonzero(np.diff(dots) <= _PAIRED)
    if not len(near):
        return dots[:0]
    held = np.zeros(len(near), np.uint16)
    for step in range(1, _PAIRED):
        inside = dots[near] + step < dots[near + 1]
        if not inside.any():
            break
        held |= np.where(inside, _shifted(classes, dots[near], step), 0).astype(np.uint16)
    kept: _Places = dots[near][(held & _LATIN) == 0]
    return kept


def codes_of(text: str) -> _Codes:
    """The code of each character; those beyond the basic plane become U+FFFF."""
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8)
    codes: _Codes = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16)
    if len(codes) == len(text):
        return codes
    wide = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return np.minimum(wide, 0xFFFF).astype(np.uint16)


@cache
def _tables() -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Classes, shapes and small letters by code; the two in ASCII, since a run is."""
    classes = np.zeros(0x10000, np.uint16)
    for code in range(0x80):
        char = chr(code)
        if char.isalnum() or char in _RUN_MARKS:
            classes[code] |= _IN_RUN
        if char.isdigit() or char in "@:":
            classes[code] |= _ANCHOR
        for marks, bit in ((" ", _SPACE), ("(", _OPEN), (")", _CLOSE), (".", _DOT)):
            if char == marks:
                classes[code] |= bit
        classes[code] |= (_DIGIT if char.isdigit() else 0) | (_LATIN if char.isalpha() else 0)
        classes[code] |= _CAPITAL if char.isupper() else 0
    for char in PROVINCES:
        classes[ord(char)] |= _PROVINCE
    classes[0xB7] |= _MIDDLE
    classes[ord("密")] |= _SECRET
    classes[ord("年")] |= _YEAR
    classes[ord("月")] |= _MONTH
    ascii_only = "".join(map(chr, range(0x80)))
    shapes = np.full(0x10000, _PLACEHOLDER, np.uint8)
    shapes[:0x80] = np.frombuffer(shape_of(ascii_only).encode("ascii"), np.uint8)
    lower = np.full(0x10000, _PLACEHOLDER, np.uint8)
    lower[:0x80] = np.frombuffer(ascii_only.lower().encode("ascii"), np.uint8)
    return classes, shapes, lower


def _shifted(classes: npt.NDArray[np.uint16], places: _Places, by: int) -> npt.NDArray[np.uint16]:
    """The classes `by` characters after (or before) the places; none beyond the ends."""
    at = places + by
    if not len(places):
        return np.zeros(0, np.uint16)
    found = classes.take(at, mode="clip")
    # The places ascend, so that only the first or the last ones can be beyond an end.
    if at[0] < 0:
        found[at < 0] = 0
    if at[-1] >= len(classes):
        found[at >= len(classes)] = 0
    return found


def _joins(classes: npt.NDArray[np.uint16], spaces: _Places) -> _Places:
    """The spaces that stand inside a run: between groups of digits, as `RUN` has it."""
    spaces = spaces[(_shifted(classes, spaces, -1) & (_DIGIT | _CLOSE)) != 0]  # few: most stand between words
    before = _shifted(classes, spaces, -1)
    after = _shifted(classes, spaces, 1)
    digit_before = (before & _DIGIT) != 0
    closed = ((before & _CLOSE) != 0) & ((_shifted(classes, spaces, -2) & _DIGIT) != 0)
    joined = (digit_before | closed) & ((after & (_DIGIT | _OPEN)) != 0)
    blocks = spaces[digit_before & ~joined & ((after & (_DIGIT | _CAPITAL)) != 0)]
    fits = np.ones(len(blocks), bool)
    for step in (1, 2, 3, 4, 6, 7):
        fits &= (_shifted(classes, blocks, step) & (_DIGIT | _CAPITAL)) != 0
    fits &= (_shifted(classes, blocks, 5) & _SPACE) != 0
    return np.concatenate((spaces[joined], blocks[fits]))
