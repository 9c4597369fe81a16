"""What lists know of a word: that it is a surname, a town, a common word. Kept as hashes, sorted, each with its
classes.

`lexicon.bin` is made by `python -m training lexicon`; `training/sources.py` says from what, and under which licences.
A word that is in no list has a class by chance once in thirty thousand.
"""

from __future__ import annotations

import unicodedata
import zlib
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

SURNAME, FREQUENT_SURNAME, GIVEN, TOWN, LARGE_TOWN, COUNTRY, PEOPLE, STREET = (1 << bit for bit in range(8))
COMPANY, JOB, COMMON, HONORIFIC, TIME, KNOWN_ORGANISATION, UNIT = (1 << bit for bit in range(8, 15))

FILE = "lexicon.bin"


def key(word: str) -> int:
    """The hash of a word in small letters."""
    return zlib.crc32(word.lower().encode("utf-8", "surrogatepass"))


def pack(classes: dict[int, int]) -> bytes:
    """The file of a lexicon."""
    keys = np.array(sorted(classes), np.uint32)
    sets = np.array([classes[int(one)] for one in keys], np.uint16)
    return zlib.compress(np.diff(keys, prepend=np.uint32(0)).astype("<u4").tobytes() + sets.astype("<u2").tobytes(), 9)


def unpack(content: bytes) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint16]]:
    """Hashes and their sets of classes.

    >>> [array.tolist() for array in unpack(pack({7: 3, 2: 1}))]
    [[2, 7], [1, 3]]
    """
    raw = zlib.decompress(content)
    size = len(raw) // 6
    keys = np.cumsum(np.frombuffer(raw, "<u4", size), dtype=np.uint32)
    return keys, np.frombuffer(raw, "<u2", size, size * 4)


@cache
def _lexicon() -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint16]]:
    return unpack((files(__package__) / FILE).read_bytes())


def classes(word: str) -> int:
    """The classes of a word, as bits; accents are tried as they are, then left out.

    >>> bool(classes("Johnson") & SURNAME), bool(classes("table") & COMMON)
    (True, True)
    """
    found = _look(word)
    if not found and not word.isascii():
        bare = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
        found = _look(bare)
    return found


def _look(word: str) -> int:
    keys, sets = _lexicon()
    wanted = np.uint32(key(word))
    at = int(np.searchsorted(keys, wanted))
    return int(sets[at]) if at < len(keys) and keys[at] == wanted else 0
