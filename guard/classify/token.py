"""The one tokenising pass: runs of ASCII that may hold an identifier, and the ways to read each run.

A run is a maximal stretch of identifier characters with a digit or an at sign in it; Chinese characters bound it as
spaces do, so a number that touches 号 is found (`\\b` would not). Single spaces between groups of digits stay inside
a run. A run is read as a whole first, then in finer and finer parts; the number of readings is bounded, so the pass
is linear.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PLAIN = r"A-Za-z._%+\-/?=&#~()$"
_ALL = r"0-9A-Za-z@._%+\-:/?=&#~()$"
# Possessive: a stretch without a digit fails once and is not tried again from its middle (the look-behind).
RUN = re.compile(
    rf"(?<![{_ALL}])[{_PLAIN}]*+(?:[0-9@:])"
    rf"(?:[{_ALL}]|(?:(?<=[0-9])|(?<=[0-9]\))) (?=[0-9(])|(?<=[0-9]) (?=[0-9A-Z]{{4}} [0-9A-Z]{{2}}))*+"
)
SHORTEST = 5  # characters of a token that can be anything
LONGEST = 4096  # characters of a run that are read at a time
_OVERLAP = 512  # characters; longer than any identifier

_COARSE = re.compile(r"[=&?#~/:]+")
_SPACE = re.compile(r" +")
_FINE = re.compile(r"[-_.()+@%$]+")
# A time of a log or table: its digits belong to it and are not read together with what follows; its date is read.
_STAMP = re.compile(
    r"(?P<date>[0-9]{4}[-/.][0-9]{2}[-/.][0-9]{2})[ T_][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,9})?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?(?![0-9A-Za-z:])"
)
_TAIL = re.compile(r"(?<=[0-9])-[A-Za-z]{3,12}\Z")  # 415 555 0143-Office
_NUMBER = re.compile(r"[+(]?[0-9][0-9 ().-]*[0-9](?: ?x[0-9]{1,6})?")
_MOST_NUMBER = 32  # characters
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,30}://")
_EDGE_LEFT = "._%-:/?=&#~)"
_EDGE_RIGHT = "._%+-:/?=&#~("
_MOST_GROUPS = 9
_LONGEST_JOIN = 42  # characters
_TABLE = 16  # groups in one run from which they are read one by one

WHOLE, PART, INSIDE = 0.0, 0.0, -2.5  # bits: a value cut out of a longer code is less likely


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in _EDGE_LEFT:
        start += 1
    while start < end and text[end - 1] in _EDGE_RIGHT:
        end -= 1
    if text[start:end].count("(") != text[start:end].count(")"):
        if text[start : start + 1] == "(" and ")" not in text[start:end]:
            start += 1
        elif text[end - 1 : end] == ")" and "(" not in text[start:end]:
            end -= 1
    if start < end and text[start] == "(" and text[end - 1] == ")" and text.count("(", start, end) == 1:
        start, end = start + 1, end - 1
    return start, end


def _trim_left(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in " " + _EDGE_LEFT:
        start += 1
    return _trim(text, start, end)


def _split(text: str, start: int, end: int, separator: re.Pattern[str]) -> list[tuple[int, int]]:
    parts: list[tuple[int, int]] = []
    position = start
    for found in separator.finditer(text, start, end):
        if found.start() > position:
            parts.append((position, found.start()))
        position = found.end()
    if position < end:
        parts.append((position, end))
    return parts


def _groups(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Groups between spaces, and neighbouring groups read as one; longest first from each place."""
    groups = _split(text, start, end, _SPACE)
    if len(groups) == 1:
        return
    most = _MOST_GROUPS if len(groups) <= _TABLE else 1  # rows of numbers are a table, not one number
    for first in range(len(groups)):
        for last in range(min(len(groups), first + most), first, -1):
            if groups[last - 1][1] - groups[first][0] > _LONGEST_JOIN:
                continue
            if last - first > 1 and any(b - a < 3 for a, b in groups[first + 1 : last - 1]):
                continue
            yield groups[first][0], groups[last - 1][1]


def windows(start: int, end: int) -> Iterator[tuple[int, int]]:
    """A run in pieces that are short enough to be read, and overlap.

    >>> list(windows(0, 100)), len(list(windows(0, 10_000)))
    ([(0, 100)], 3)
    """
    while end - start > LONGEST:
        yield start, start + LONGEST
        start += LONGEST - _OVERLAP
    yield start, end


def number(text: str) -> tuple[int, int] | None:
    """Where the number of a run stands that is a number of 7 digits or more and nothing else.

    >>> number("555 0143-Office"), number("12:30"), number("555-0143")
    ((0, 8), None, (0, 8))
    """
    if len(text) > _MOST_NUMBER:
        return None
    start, end = _trim(text, 0, len(text))
    if tail := _TAIL.search(text, start, end):
        end = tail.start()
    if not _NUMBER.fullmatch(text, start, end) or sum(map(text.count, "0123456789")) < 7:
        return None
    return start, end


def readings(text: str, start: int, end: int) -> Iterator[tuple[int, int, float]]:
    """The ways to read a run as `(start, end, bits)`, coarse ones first.

    >>> text = "tel:13800138000"
    >>> [text[a:b] for a, b, _ in readings(text, 0, len(text))]
    ['tel:13800138000', 'tel', '13800138000']
    """
    start, end = _trim(text, start, end)
    while stamp := _STAMP.match(text, start, end):
        yield *stamp.span("date"), PART
        start, end = _trim_left(text, stamp.end(), end)
    if start >= end:
        return
    if url := _URL.search(text, start, end):
        yield url.start(), end + text.startswith("/", end), WHOLE
        return
    yield start, end, WHOLE
    if tail := _TAIL.search(text, start, end):
        end = tail.start()
        yield start, end, WHOLE
    coarse = _split(text, start, end, _COARSE)
    for part in coarse:
        a, b = _trim(text, *part)
        if a >= b:
            continue
        if len(coarse) > 1:
            yield a, b, PART
        spaced = False
        for group in _groups(text, a, b):
            spaced = True
            yield *group, PART
        fine = _split(text, a, b, _FINE)
        if len(fine) > 1 and not spaced:
            yield from ((*piece, INSIDE) for piece in fine)
        elif spaced:
            for group in _split(text, a, b, _SPACE):
                pieces = _split(text, *group, _FINE)
                if len(pieces) > 1:
                    yield from ((*piece, INSIDE) for piece in pieces)
