"""Foreigner's permanent residence card (外国人永久居留身份证), the 18-digit number of the 2023 card.

A leading 9, two digits of province, three of nationality, birth date, sequence, check character by MOD 11-2. The
15-character number of the 2017 card is left out: its last-digit rule could not be confirmed.

References: 新版外国人永久居留身份证机读信息规则 (2023); ISO 7064.

>>> check("931156198203040014")
True
>>> explain("131156198203040014")
'fails: a leading 9'
"""

from __future__ import annotations

import re

from guard.classify import calendar_date
from guard.classify.checkdigit import mod_11_2
from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{17}[9Aa]"
PASS_RATE = 5e-6
CONTEXT = ("永久居留", "永居", "permanent residence", "外国人", "外國人", "证件号")

_FORM = re.compile(r"[0-9]{17}[0-9X]")

RULES: Rules = (
    ("17 digits and a digit or X", _FORM.fullmatch),
    ("a leading 9", lambda number: number[0] == "9"),
    ("a birth date that exists", lambda number: calendar_date.compact(number[6:14])),
    ("the check character of ISO 7064 MOD 11-2", mod_11_2),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
