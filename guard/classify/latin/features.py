"""What the model sees of a token: hashes of its letters, its form and its classes, and the pair with its neighbour.

All of a token's part is worked out once a spelling. Words of names are told by their classes and endings, not by
themselves: only common words, short ones and marks have a feature of their own, so that the model learns contexts and
not the lists that it was trained with.
"""

from __future__ import annotations

import re
import zlib

from guard.classify.latin import lexicon

ROWS = 1 << 17
REACH = 2  # tokens before and after
_NAMES = "SFGTLCNRBJcHMKU"  # a letter a class, in the order of the bits
_RUNS = re.compile(r"(.)\1+")

Seen = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...], int]


def _form(word: str) -> str:
    """The form of a token in a few letters.

    >>> [_form(word) for word in ("McKay", "USA", "a", "2nd", "1977", "12.5", ",", "\\n\\n")]
    ['XxXx', 'XX', 'x', 'd1x', 'd4', 'd2.d1', ',', 'N2']
    """
    first = word[0]
    if "\n" in word:
        return "N2" if word.count("\n") > 1 else "N"
    if first.isdigit():
        form = re.sub("[0-9]+", lambda run: f"d{min(len(run.group()), 7)}", word)
        return re.sub(r"[^\W\d_]+\Z", "x", form) if len(form) < 14 else "dd"
    if not first.isalpha():
        return first
    if ord(first) >= 0x2E80:
        return "H"
    if len(word) > 1 and word.isupper():
        return "XX"
    return _RUNS.sub(r"\1", "".join("X" if c.isupper() else "x" if c.isalpha() else c for c in word))


def _row(offset: int, feature: str) -> int:
    return zlib.crc32(f"{offset}{feature}".encode("utf-8", "surrogatepass")) & (ROWS - 1)


def seen(word: str) -> Seen:
    """The rows of a token as the second and first before, as itself, as the first and second after; and its class.

    The class is what pairs are made of.
    """
    form = _form(word)
    lower = form if "\n" in word else word.lower()
    known = lexicon.classes(word) if word[0].isalpha() else 0
    letters = "".join(name for bit, name in enumerate(_NAMES) if known >> bit & 1)
    own = not word[0].isalnum() or (word[0].isalpha() and (len(word) <= 3 or known & lexicon.COMMON)) or len(word) == 1
    coarse = [f"f{form}|{letters}", f"f{form}"]
    if own:
        coarse.append(f"w{lower}")
    near = [*coarse, f"e{lower[-3:]}"] if word[0].isalpha() else coarse
    here = [*near, "bias"]
    if word[0].isalpha():
        here += (f"p{lower[:3]}", f"p{lower[:2]}", f"e{lower[-2:]}", f"e{lower[-4:]}", f"l{min(len(word), 12)}{form}")
        here += (f"k{letter}{form[0]}" for letter in letters)
    group = f"f{form}|{letters}"
    if own:
        group = f"W{lower}{form}" if word[0].isupper() else f"w{lower}"
    rows = [
        tuple(_row(offset, one) for one in (coarse, near, here, near, coarse)[offset + 2]) for offset in range(-2, 3)
    ]
    return rows[0], rows[1], rows[2], rows[3], rows[4], zlib.crc32(group.encode("utf-8", "surrogatepass"))
