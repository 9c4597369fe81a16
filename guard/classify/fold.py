"""NFKC folding that remembers where each character came from.

Full-width digits, circled numbers and compatibility letters become what they mean, so that one detector reads them
all; spans found in the folded text are mapped back to the text as given.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence
from functools import cache

# Same length in and out: these need no map. Other one-to-one mappings are added from the Unicode tables below.
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"


@cache
def _tables() -> tuple[dict[int, str], re.Pattern[str]]:
    single: dict[int, str] = {}
    longer: list[str] = []
    for code in range(0x80, sys.maxunicode + 1):
        if 0xAC00 <= code <= 0xD7A3 or 0x4E00 <= code <= 0x9FFF or 0xD800 <= code <= 0xF8FF or code > 0x2FA1F:
            continue
        char = chr(code)
        folded = unicodedata.normalize("NFKC", char)
        if folded == char:
            continue
        if len(folded) == 1:
            single[code] = folded
        else:
            longer.append(char)
    single |= {ord(dash): "-" for dash in "\u2010\u2011\u2012\u2013\u2212"}
    return single, re.compile("[" + re.escape("".join(longer) + _INVISIBLE) + "]")


def fold(text: str) -> tuple[str, Sequence[int]]:
    """The folded text, and for each of its characters (and its end) the index in `text`.

    Invisible characters (zero-width space and joiners, soft hyphen) vanish. The map is a `range` when nothing moved.

    >>> fold("４４５４")[0]
    '4454'
    >>> folded, origin = fold("㎏１")
    >>> folded, list(origin)
    ('kg1', [0, 0, 1, 2])
    """
    if text.isascii():
        return text, range(len(text) + 1)
    single, longer = _tables()
    text = text.translate(single)
    found = list(longer.finditer(text))
    if not found:
        return text, range(len(text) + 1)
    pieces: list[str] = []
    origin: list[int] = []
    position = 0
    for match in found:
        start = match.start()
        piece = "" if match.group() in _INVISIBLE else unicodedata.normalize("NFKC", match.group())
        pieces += (text[position:start], piece)
        origin.extend(range(position, start))
        origin.extend([start] * len(piece))
        position = match.end()
    pieces.append(text[position:])
    origin.extend(range(position, len(text) + 1))
    return "".join(pieces), origin
