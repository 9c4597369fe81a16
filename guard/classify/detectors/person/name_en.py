"""Personal name in Latin letters: given name, optional initials, surname, in either order; or one of them in a column
of its own.

The lists hold the frequent names only; a column is believed by the share of its values that the lists know.

References: US Census and Social Security name files (order of frequency), general knowledge.

>>> check("Mary Johnson"), check("Parker, Betsy"), check("Data Quality"), check("Katy")
(True, True, False, True)
"""

from __future__ import annotations

import re

from guard.classify import english_name
from guard.classify.rule import Rules, passes, words

SHAPE = r"A[Aa'.-]{1,20}(?:,? A[Aa'.-]{0,20}){0,3}"
PASS_RATE = 0.05
ANCHORED = True
CEILING = 12.0
MINIMUM = 3
RECALL = 0.6
WRITTEN = r".+ .+"
CONTEXT = (
    "name",
    "full name",
    "first name",
    "last name",
    "surname",
    "contact",
    "customer",
    "patient",
    "employee",
    "姓名",
    "联系人",
)

LONGEST = 120  # characters

_WORD = re.compile(r"[A-Za-z][A-Za-z'.-]*")


def _known(text: str) -> bool:
    parts = [part.strip(".").lower() for part in _WORD.findall(text)]
    full = [part for part in parts if len(part) > 1]
    if len(full) == 1:
        return full[0] in english_name.GIVEN or full[0] in english_name.SURNAMES
    if not full:
        return False
    first, last = (full[-1], full[0]) if "," in text else (full[0], full[-1])
    turned = first in english_name.SURNAMES and last in english_name.GIVEN  # Zhang Wei
    return first in english_name.GIVEN or turned


RULES: Rules = (
    ("no longer than a name", lambda text: len(text) <= LONGEST),
    ("one to four words with capital letters", lambda text: 1 <= len(_WORD.findall(text)) <= 4 and text[:1].isupper()),
    ("a given name or surname of the lists in its place", _known),
)


def normalise(text: str) -> str:
    """Without surrounding space."""
    return text.strip()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
