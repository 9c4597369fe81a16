"""When two values of a column are surely different, so that no row can have both.

`region = 'EU'` and `region = 'eu'` may mean the same rows (a collation without case), and so may `day = '2020-01-01'`
and `day = '20200101'`. A value gets a meaning only where every engine that guard asks tells two meanings apart;
where in doubt it gets none, and two groups are then told apart by their sizes alone.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import Final

# Words that a type other than text reads as one of its values: `today` and `now` are one date, `t` and `yes` one truth.
_WORDS: Final = frozenset(
    {
        "t", "true", "y", "yes", "on", "f", "false", "n", "no", "off", "now", "today", "tomorrow", "yesterday", "epoch",
        "infinity", "inf", "nan", "allballs", "current",
    }
)  # fmt: skip
_NULL: Final = "\0null"


def only_meaning(literal: str) -> str | None:
    """The meaning of a literal beside a column of unknown type: whole numbers, and plain words without digits."""
    text = literal.strip()
    if text.isascii() and text.isdigit():
        return str(int(text))
    word = _folded(literal)
    return word if word is not None and not any(each.isdigit() for each in word) and word not in _WORDS else None


def stored_meaning(value: object) -> str | None:
    """The meaning of a group key as the engine gave it."""
    if value is None:
        return _NULL
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return only_meaning(value) or _folded(value)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    return None


def _folded(text: str) -> str | None:
    """Without case, accents and blanks at the end; None for letters that some collation takes for others."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each))
    known = all(each.isascii() or unicodedata.name(each, "").startswith("CJK UNIFIED") for each in plain)
    return plain.rstrip() if known else None
