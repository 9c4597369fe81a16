"""Resident identity card number of the mainland (公民身份号码), 18 characters.

Six digits of region, eight of birth date, three of sequence (odd for men, even for women), one check character by
ISO 7064 MOD 11-2. The region is compared by province and prefecture, abolished ones included: a number is for life,
and new counties appear every year.

References: GB 11643-1999 (公民身份号码), GB/T 2260 (行政区划代码), ISO 7064.

>>> check("11010519491231002X"), check("110105 19491231 002x")
(True, True)
>>> explain("110105194912310021")
'fails: the check character of ISO 7064 MOD 11-2'
"""

from __future__ import annotations

import re

from guard.classify import calendar_date, region
from guard.classify.checkdigit import mod_11_2
from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{17}[9Aa]"
PASS_RATE = 3e-6  # 2 million draws
CONTEXT = (
    "身份证",
    "身份證",
    "身分證",
    "公民身份号码",
    "证件号",
    "證件號",
    "id card",
    "identity card",
    "resident id",
    "id no",
    "sfz",
    "sfzh",
)

_FORM = re.compile(r"[1-7][0-9]{16}[0-9X]")

RULES: Rules = (
    ("17 digits and a digit or X", _FORM.fullmatch),
    ("a birth date that exists", lambda number: calendar_date.compact(number[6:14])),
    ("the check character of ISO 7064 MOD 11-2", mod_11_2),
    ("a province and prefecture of GB/T 2260", region.known),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
