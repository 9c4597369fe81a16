"""NFKC folding that remembers where each character came from.

Full-width digits, circled numbers and compatibility letters become what they mean, so that one detector reads them
all; spans found in the folded text are mapped back to the text as given.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from array import array
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

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


_SHORT = 512  # characters, from which numpy is worth its start
_PLANES = 0x30000  # no character beyond folds but by vanishing, and none of those is listed
_LONGER = 0xFFFF  # in the tables: the character folds to several, or to none


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
    if len(text) >= _SHORT:
        return _fold_long(text)
    single, longer = _tables()
    text = text.translate(single)
    return _without_longer(text, [match.start() for match in longer.finditer(text)])


def _without_longer(text: str, places: Sequence[int]) -> tuple[str, Sequence[int]]:
    """Folds the characters at `places`, which become several or none."""
    if not places:
        return text, range(len(text) + 1)
    pieces: list[str] = []
    origin = array("q")
    position = 0
    for start in places:
        char = text[start]
        piece = "" if char in _INVISIBLE else unicodedata.normalize("NFKC", char)
        pieces += (text[position:start], piece)
        origin.extend(range(position, start))
        origin.extend([start] * len(piece))
        position = start + 1
    pieces.append(text[position:])
    origin.extend(range(position, len(text) + 1))
    return "".join(pieces), origin


def _fold_long(text: str) -> tuple[str, Sequence[int]]:
    """The same by a table of all characters: a few nanoseconds each."""
    import numpy as np

    narrow, wide = _arrays()
    codes: npt.NDArray[np.unsignedinteger] = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16)
    if len(codes) == len(text):
        folded, coding = narrow[codes], "utf-16-le"
    else:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        folded, coding = wide[np.minimum(codes, _PLANES - 1)], "utf-32-le"
        beyond = codes >= _PLANES
        folded[beyond] = codes[beyond]
    places = np.flatnonzero((folded == _LONGER) & (codes != _LONGER))
    folded[places] = codes[places]
    return _without_longer(folded.tobytes().decode(coding, "surrogatepass"), places.tolist())


@cache
def _arrays() -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint32]]:
    import numpy as np

    single, longer = _tables()
    wide = np.arange(_PLANES, dtype=np.uint32)
    for code, char in single.items():
        wide[code] = ord(char)
    for char in filter(longer.match, map(chr, range(0x80, _PLANES))):
        wide[ord(char)] = _LONGER
    return wide[:0x10000].astype(np.uint16), wide
