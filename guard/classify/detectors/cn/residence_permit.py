"""Residence permit of a resident of Hong Kong, Macau or Taiwan (港澳台居民居住证), since 2018.

The form of a resident identity number whose region is 810000 (Hong Kong), 820000 (Macau) or 830000 (Taiwan).

References: 港澳台居民居住证申领发放办法 (2018); GB 11643-1999.

>>> check("810000199408230021")
True
>>> explain("110000199408230021")
'fails: the region of Hong Kong, Macau or Taiwan'
"""

from __future__ import annotations

import re

from guard.classify import calendar_date, region
from guard.classify.checkdigit import mod_11_2
from guard.classify.rule import Rules, passes, words
from guard.classify.spelling import unspaced as normalise

SHAPE = r"9{17}[9Aa]"
PASS_RATE = 2e-7  # by reasoning: three regions of a million, dates, the check character
CONTEXT = ("居住证", "居住證", "通行证", "residence permit", "身份证", "证件号")

_FORM = re.compile(r"[0-9]{17}[0-9X]")

RULES: Rules = (
    ("17 digits and a digit or X", _FORM.fullmatch),
    ("the region of Hong Kong, Macau or Taiwan", lambda number: number[:6] in region.SPECIAL),
    ("a birth date that exists", lambda number: calendar_date.compact(number[6:14])),
    ("the check character of ISO 7064 MOD 11-2", mod_11_2),
)


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
